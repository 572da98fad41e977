"""Why a worker is not hired, assigned or let go as somebody wished; and who counts as a person here."""

from shared.rules.refusal import Refusal

PERSON_REGISTERED = "person_registered"
"""The fact whether the district's registry has issued an identity that a command names."""
ORGANISATIONS_ABOVE = "organisations_above"
"""The fact which organisations stand above the one that a command names, with that one itself, first."""
SYSTEM = "system:"
"""What the identity of another system begins with, which logs in and is no person."""

PERSON_UNKNOWN = Refusal(
    "person.not_registered",
    zh="人员登记中没有此人，请先登记；其他系统的账号，人员编号写作 system:名称",
    en="the registry knows no such person: register them first; a login of another system is for system:name",
)
ALREADY_EMPLOYED = Refusal(
    "union_social_worker.already_employed",
    zh="此人已于{hired_on}入职，在职期间不能重复办理入职",
    en="this person was hired on {hired_on} and has not left: nobody is hired twice",
)
HIRED_BEFORE_LEAVING = Refusal(
    "union_social_worker.hired_before_leaving",
    zh="再次入职的日期须晚于上次离职日期{left_on}",
    en="who comes back is hired after the day of leaving, {left_on}",
)
NOT_EMPLOYED = Refusal(
    "union_social_worker.not_employed",
    zh="此人在{day}不是在职的专职工会社会工作者，请先核对入职、离职登记",
    en="this person is not employed as a union social worker on {day}",
)
LEFT_ALREADY = Refusal(
    "union_social_worker.left_already",
    zh="此人已于{left_on}离职",
    en="this person left on {left_on}",
)
LEFT_BEFORE_HIRED = Refusal(
    "union_social_worker.left_before_hired",
    zh="离职日期不能早于入职日期{hired_on}",
    en="nobody leaves before being hired, on {hired_on}",
)
ASSIGNED_LATER = Refusal(
    "union_social_worker.assigned_later",
    zh="离职日期之后还有自{begins_on}起的派驻，请先核对派驻登记",
    en="an assignment begins after the day of leaving, on {begins_on}",
)
PLACE = Refusal(
    "assignment.place",
    zh="派驻地点须在服务站和区总工会机关中选择一处",
    en="an assignment is either to a service station or to the headquarters",
)
NOT_HEADQUARTERS = Refusal(
    "assignment.not_headquarters",
    zh="该组织不是区总工会；派驻机关只能填区总工会，派驻基层须填服务站",
    en="this is not the district federation, at whose headquarters alone workers stand without a station",
)
STATION_UNKNOWN = Refusal(
    "assignment.station_unknown", zh="该工会服务站尚未登记", en="this service station is not registered"
)
STATION_NOT_OPEN = Refusal(
    "assignment.station_not_open",
    zh="该工会服务站{opened_on}才启用，派驻不能早于该日",
    en="this service station opened on {opened_on}; no assignment begins before",
)
OVERLAPS = Refusal(
    "assignment.overlaps",
    zh="此人另有自{begins_on}起的派驻，同一时间只能有一个主要岗位；调动请先结束原派驻",
    en="an assignment from {begins_on} covers the same days: there is one at a time; end that one first",
)
ASSIGNMENT_ID_USED = Refusal(
    "assignment.id_used", zh="该派驻编号已使用", en="this assignment id has been used already"
)
ASSIGNMENT_UNKNOWN = Refusal(
    "assignment.unknown", zh="此人没有这次派驻", en="this person has no such assignment"
)
ENDS_BEFORE_IT_BEGINS = Refusal(
    "assignment.ends_before_it_begins",
    zh="派驻的结束日期不能早于起始日期{begins_on}",
    en="an assignment cannot end before it begins, on {begins_on}",
)
ENDED_ALREADY = Refusal(
    "assignment.ended_already",
    zh="这次派驻已登记于{ends_on}结束",
    en="this assignment has been ended already, on {ends_on}",
)
