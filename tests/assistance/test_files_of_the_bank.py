"""The bank's files in their folders: written whole and for the owner only, read again without effect."""

import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from services.assistance.aggregates import language
from services.assistance.imports import bank_results
from services.assistance.imports.bank_results import (
    ANOTHER_BATCH,
    NO_FILE,
    NOT_A_RESULT_FILE,
    ROWS_MISSING,
    record_result_file,
    results_in,
)
from services.assistance.projections.bank_file import ANOTHER_ORGANISATION, NOT_WRITTEN, write_bank_file
from services.assistance.projections.payment_batches import payment_batch
from services.assistance.reactions import bank_files
from services.assistance.service import AssistanceService
from shared.projections import checkpoints, parking
from shared.projections.reacting import ReactionFollower
from shared.rules.refusal import Refusal, Refused
from shared.runtime.access_log import table as access_log
from shared.runtime.acting import act_of
from shared.runtime.calls import Call
from shared.runtime.house import House, open_house
from shared.runtime.secret_files import write_once
from shared.runtime.settings import embedded_settings
from tests.architecture.tree import ROOT
from tests.assistance.cashier import HALTED, OF, Feng, release_and_write
from tests.assistance.town import PAID_ON
from tests.log.house import MASTER_KEY

HEADINGS = "line_id,outcome,amount_yuan,code"


@pytest.fixture
def approved(founded: Path, tmp_path: Path) -> Path:
    """The folder of a house where two grants stand in one batch that was approved."""
    folder = tmp_path / "house"
    folder.mkdir()
    settings = embedded_settings("assistance", folder)
    shutil.copy(founded, folder / "assistance.sqlite")
    write_once(settings.master_key_file, MASTER_KEY.hex())
    with closing(open_house(settings, language)) as house:
        town = Feng(house).town
        town.settle([1, 2])
        town.grant([1, 2])
        town.open_batch("first", [1, 2])
        town.approve_batch("first")
    return folder


@pytest.fixture
def call(approved: Path) -> Iterator[Any]:
    """A cashier's call, after she has released the batch."""
    with closing(open_house(embedded_settings("assistance", approved), language)) as house:
        feng = Feng(house)
        feng.town.release_batch("first")
        yield feng


def put(call: Any, text: str, name: str = "result.csv") -> None:
    folder: Path = call.house.settings.folder / "bank" / "in"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def refusal_of(call: Any, name: str = "result.csv") -> Refusal:
    with pytest.raises(Refused) as refused:
        record_result_file(call, **OF, name=name, answered_on=PAID_ON)
    return refused.value.refusal


def test_a_folder_that_cannot_be_written_is_a_refusal_and_mended_by_asking_again(call: Any) -> None:
    bank = call.house.settings.files / "bank"
    bank.write_text("no folder")
    with pytest.raises(Refused) as refused:
        write_bank_file(call, **OF)
    assert refused.value.refusal == NOT_WRITTEN

    bank.unlink()
    told = write_bank_file(call, **OF)
    assert (bank / "out" / told["name"]).exists()


def test_a_bank_file_is_written_again_with_the_same_bytes_and_for_its_owner_only(call: Any) -> None:
    told = write_bank_file(call, **OF)
    file: Path = call.house.settings.folder / "bank" / "out" / told["name"]
    first = file.read_bytes()
    again = write_bank_file(call, **OF)

    assert again == told
    assert file.read_bytes() == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["first.csv"]
    assert {fields for _, fields in call.seen} == {("account_number", "holder_name")}
    assert len({person_id for person_id, _ in call.seen}) == told["line_count"] == 2


def reacting(house: House) -> ReactionFollower:
    """As the worker reacts."""
    with house.store.write() as connection:
        checkpoints.begin(connection, bank_files.name, 1)
    return ReactionFollower(house.store, house.log, bank_files, act_of(house))


def list_parked_of(house: House) -> list[parking.Parked]:
    with house.store.read() as connection:
        return parking.list_parked(connection, bank_files.name)


def test_the_house_writes_the_file_after_the_release_and_puts_on_record_whose_accounts_it_shows(
    call: Any,
) -> None:
    while reacting(call.house).step():
        pass

    (file,) = (call.house.settings.folder / "bank" / "out").iterdir()
    written = file.read_bytes()
    assert write_bank_file(call, **OF)["name"] == file.name
    assert file.read_bytes() == written
    with call.house.store.read() as connection:
        looks = connection.execute(select(access_log)).all()
    assert {(each.method, each.person_id, each.fields) for each in looks} == {
        ("bank_files", "house", "account_number,holder_name")
    }
    assert {each.about_id for each in looks} == {about_id for about_id, _ in call.seen}


def test_a_folder_that_takes_no_file_parks_the_batch_until_it_is_tried_again(call: Any) -> None:
    out: Path = call.house.settings.folder / "bank" / "out"
    out.parent.mkdir()
    out.write_text("no folder")
    following = reacting(call.house)
    while following.step():
        if list_parked_of(call.house):
            break
    (stuck,) = list_parked_of(call.house)
    assert (stuck.stream, stuck.reason) == ("payment_batch/first", "bank_file.not_written")

    out.unlink()

    assert following.retry() == []
    assert [each.name for each in out.iterdir()] == ["first.csv"]


@pytest.mark.parametrize("halts_at", ["released", "drafted"])
def test_who_is_killed_between_release_and_bank_file_has_the_same_file_written_afterwards(
    approved: Path, tmp_path: Path, halts_at: str
) -> None:
    undisturbed = shutil.copytree(approved, tmp_path / "undisturbed")
    release_and_write(undisturbed)
    killed(approved, halts_at)
    file = Path("bank") / "out" / "first.csv"
    assert not (approved / file).exists()

    with closing(open_house(embedded_settings("assistance", approved), language)) as house:
        assert stands(house) == ("released", False)
        write_bank_file(cast("Call", Feng(house)), **OF)
        assert stands(house) == ("released", True)
        assert Feng(house).town.count("BatchReleased") == 1
    assert (approved / file).read_bytes() == (undisturbed / file).read_bytes()


def stands(house: House) -> tuple[str, bool]:
    """The batch's status, and whether its file has been written, as its query tells."""
    Feng(house).town.follow()
    with house.store.read() as connection:
        told = payment_batch(connection, **OF)
    assert told is not None
    return told["status"], told["file_written_on"] is not None


def killed(folder: Path, halts_at: str) -> None:
    """The cashier's process is killed as soon as it has come so far."""
    words = [sys.executable, "-m", "tests.assistance.cashier", str(folder), halts_at]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as cashier:
        assert cashier.stdout is not None
        said = cashier.stdout.readline().strip()
        cashier.kill()
        assert said == HALTED
        assert cashier.wait(10) == -signal.SIGKILL


def test_nobody_writes_the_bank_file_of_another_organisation(call: Any) -> None:
    with pytest.raises(Refused) as refused:
        write_bank_file(call, batch_id="first", organisation_id="factory")
    assert refused.value.refusal is ANOTHER_ORGANISATION


def test_a_result_file_is_recorded_and_read_again_without_effect(call: Any) -> None:
    put(call, f"results,first,2\n{HEADINGS}\ngrant-1.1,paid,1000.00,\ngrant-2.1,failed,1000.00,frozen\n")
    first = record_result_file(call, **OF, name="result.csv", answered_on=PAID_ON)
    again = record_result_file(call, **OF, name="result.csv", answered_on=PAID_ON)

    assert (first["rows"], first["unreadable"]) == (2, [])
    assert again["position"] == first["position"]


def test_what_the_bank_says_is_recorded_with_the_digest_of_its_file(call: Any) -> None:
    text = f"results,first,1\n{HEADINGS}\ngrant-1.1,paid,1000.00,\n"
    put(call, text)
    record_result_file(call, **OF, name="result.csv", answered_on=PAID_ON)

    recorded = call.house.log.stream("payment_batch/first")[-1]
    assert recorded.type == "ResultsRecorded"
    assert recorded.facts.data["file_digest"] == sha256(text.encode()).hexdigest()


def test_nobody_types_by_hand_what_the_bank_says() -> None:
    declared = [getattr(each, "declared", None) for each in vars(AssistanceService).values()]
    accepted = {name for each in declared if each is not None for name in names_of(each.accepts)}

    assert "results" not in accepted
    assert {"batch_id", "name", "answered_on"} <= accepted


def names_of(accepts: type[Any]) -> set[str]:
    return {each.name for each in fields(accepts)}


def test_rows_that_cannot_be_read_are_named_and_keep_no_other_from_being_recorded(call: Any) -> None:
    put(
        call,
        f"results,first,4\n{HEADINGS}\ngrant-1.1,paid,1000.00,\n"
        "grant-2.1,perhaps,1000.00,\ngrant-2.1,paid,a lot,\nshort\n",
    )
    told = record_result_file(call, **OF, name="result.csv", answered_on=PAID_ON)

    assert told["rows"] == 1
    assert told["unreadable"] == [4, 5, 6]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (f"results,second,0\n{HEADINGS}\n", ANOTHER_BATCH),
        (f"results,first,2\n{HEADINGS}\ngrant-1.1,paid,1000.00,\n", ROWS_MISSING),
        ("grant-1.1,paid,1000.00,\n", NOT_A_RESULT_FILE),
        ("", NOT_A_RESULT_FILE),
    ],
    ids=["another batch", "cut off", "no header", "empty"],
)
def test_what_is_no_whole_result_file_of_the_batch_is_refused(call: Any, text: str, refusal: Refusal) -> None:
    put(call, text)

    assert refusal_of(call) is refusal


def test_a_file_outside_the_folder_is_not_found(call: Any) -> None:
    put(call, f"results,first,0\n{HEADINGS}\n")
    (call.house.settings.folder / "bank" / "secret.csv").write_text(f"results,first,0\n{HEADINGS}\n")

    assert refusal_of(call, "../secret.csv") is NO_FILE
    assert refusal_of(call, "..") is NO_FILE


def test_a_file_that_the_service_may_not_read_or_that_is_too_large_is_refused(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(call, "x" * 100)
    with monkeypatch.context() as small:
        small.setattr(bank_results, "FILE_BYTES_MOST", 99)
        assert refusal_of(call) is bank_results.TOO_LARGE

    def forbidden(*_: Any, **__: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", forbidden)
    assert refusal_of(call) is bank_results.NOT_READABLE


def test_a_return_code_that_nobody_knows_leaves_the_line_in_doubt() -> None:
    (result,), _ = results_in(f"results,first,1\n{HEADINGS}\ngrant-1.1,failed,1000.00,R77\n", "first")

    assert result.code == "bank_other"
