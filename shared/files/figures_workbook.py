"""A page of figures as a spreadsheet, for those who go on counting."""

from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from shared.files.figures_page import Line

HEADINGS = ("指标", "数值", "单位", "代码")


def write_figures(file: Path, title: str, lines: Sequence[Line], note: str) -> None:
    """Write the figures into a workbook: numbers as numbers, headings that stay in view."""
    with xlsxwriter.Workbook(file) as workbook:
        bold = workbook.add_format({"bold": True, "border": 1, "bg_color": "#eeeeee"})
        number = workbook.add_format({"num_format": "#,##0", "border": 1})
        money = workbook.add_format({"num_format": "#,##0.00", "border": 1})
        plain = workbook.add_format({"border": 1})
        sheet = workbook.add_worksheet("统计数字")
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, 1, 18)
        sheet.set_column(3, 3, 24)
        sheet.write_string(0, 0, title, workbook.add_format({"bold": True, "font_size": 14}))
        sheet.write_row(1, 0, HEADINGS, bold)
        sheet.freeze_panes(2, 0)
        for row, line in enumerate(lines, 2):
            sheet.write_string(row, 0, line.name, plain)
            digits = line.value.replace(",", "")
            if digits.lstrip("-").replace(".", "").isdigit():
                sheet.write_number(row, 1, float(digits), money if "." in digits else number)
            else:
                sheet.write_string(row, 1, line.value, plain)
            sheet.write_string(row, 2, line.unit, plain)
            sheet.write_string(row, 3, line.code, plain)
        sheet.write_string(len(lines) + 2, 0, note)
