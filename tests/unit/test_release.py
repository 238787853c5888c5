"""setup/release: what the archives are called, hold, and that they can be made again."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("lxml.etree")

RELEASE = Path(__file__).resolve().parents[2] / "setup" / "release"
ADDON = "stock_revaluation_journal"
FILES = {
    "__init__.py": "",
    "__manifest__.py": '{"name": "X", "version": "1.2.3", "data": ["views/a.xml"]}\n',
    "views/a.xml": '<odoo><record id="a" model="ir.actions.act_window">'
    '<field name="view_mode">list</field></record></odoo>',
    "valuation/layers.py": "",
    "valuation/product_values.py": "",
}


@pytest.fixture
def source(tmp_path):
    """Return an addon in a git checkout that ignores ``*.log``."""
    folder = tmp_path / "checkout" / ADDON
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    (folder.parent / ".gitignore").write_text("*.log\n")
    return folder


def release(source, dist, *arguments, epoch=None):
    """Run the command and return what it printed; on failure, its exit code and messages."""
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    if epoch is not None:
        environment["SOURCE_DATE_EPOCH"] = str(epoch)
    command = [sys.executable, str(RELEASE), "--source", str(source), "--dist", str(dist), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=str(source.parent))


def names(archive):
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def wheel_name(number):
    # up to 14.0 the OCA has the series in the name, too
    return "odoo%s_addon_%s-%d.0.1.2.3-py3-none-any.whl" % ("14" if number == 14 else "", ADDON, number)


def test_release_without_series_makes_an_archive_and_a_wheel_for_each(source, tmp_path):
    result = release(source, tmp_path / "dist")
    assert result.returncode == 0, result.stderr
    archives = ["%s-%d.0.1.2.3.zip" % (ADDON, number) for number in range(14, 20)]
    assert {path.name for path in (tmp_path / "dist").iterdir()} == {*archives, *map(wheel_name, range(14, 20))}


def test_wheel_holds_the_addon_where_odoo_looks_and_says_which_odoo_it_is_for(source, tmp_path):
    release(source, tmp_path, "14.0", "18.0")
    for number, bounds in ((14, "odoo>=14.0a,<14.1dev"), (18, "odoo==18.0.*")):
        with zipfile.ZipFile(tmp_path / wheel_name(number)) as opened:
            info = wheel_name(number).replace("-py3-none-any.whl", ".dist-info")
            metadata = opened.read(info + "/METADATA").decode()
            assert "Requires-Dist: %s\n" % bounds in metadata
            assert "Version: %d.0.1.2.3\n" % number in metadata
            shown = b"tree" if number == 14 else b"list"
            assert shown in opened.read("odoo/addons/%s/views/a.xml" % ADDON)
            assert not [name for name in opened.namelist() if "pyproject" in name or "product_values" in name]


def test_line_of_an_archive_has_its_path_size_and_checksum(source, tmp_path):
    lines = release(source, tmp_path / "dist", "16.0", "14", "16.0").stdout.splitlines()
    made = [name for n in (16, 14) for name in ("%s-%s.0.1.2.3.zip" % (ADDON, n), wheel_name(n))]
    paths = [tmp_path / "dist" / name for name in made]
    assert lines == [
        "%s  %d bytes  sha256 %s" % (path, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in paths
    ]


def test_archive_holds_the_addon_of_its_series_in_one_folder(source, tmp_path):
    release(source, tmp_path, "14.0", "19.0")
    common = ["__init__.py", "__manifest__.py", "views/a.xml"]
    for series, seam in (("14.0", "layers"), ("19.0", "product_values")):
        expected = ["%s/%s" % (ADDON, path) for path in sorted(common + ["valuation/%s.py" % seam])]
        assert names(tmp_path / ("%s-%s.1.2.3.zip" % (ADDON, series))) == expected
    with zipfile.ZipFile(tmp_path / (ADDON + "-14.0.1.2.3.zip")) as opened:
        assert b'"version": "14.0.1.2.3"' in opened.read(ADDON + "/__manifest__.py")
        assert b'<field name="view_mode">tree</field>' in opened.read(ADDON + "/views/a.xml")


def test_archive_leaves_out_what_git_ignores_and_takes_new_files(source, tmp_path):
    (source / "debug.log").write_text("x")
    (source / "new.py").write_text("")
    (source / "new.py~").write_text("")
    (source / "__pycache__").mkdir()
    (source / "__pycache__/new.pyc").write_text("")
    release(source, tmp_path, "18.0")
    found = names(tmp_path / (ADDON + "-18.0.1.2.3.zip"))
    assert ADDON + "/new.py" in found
    assert not [name for name in found if "log" in name or "pyc" in name or "~" in name]


def test_archive_outside_a_checkout_holds_every_file(source, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    moved = source.rename(tmp_path / "elsewhere" / ADDON)
    assert release(moved, tmp_path, "18.0").returncode == 0
    assert len(names(tmp_path / (ADDON + "-18.0.1.2.3.zip"))) == 4


def test_archive_is_the_same_whenever_and_wherever_it_is_made(source, tmp_path):
    release(source, tmp_path / "one", "17.0")
    for path in source.rglob("*.py"):
        path.chmod(0o755)
        os.utime(path, (0, 1))
    release(source, tmp_path / "two", "17.0")
    for name in (ADDON + "-17.0.1.2.3.zip", wheel_name(17)):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("epoch", "stamp"),
    [
        (None, (1980, 1, 1, 0, 0, 0)),
        (0, (1980, 1, 1, 0, 0, 0)),
        (1767225600, (2026, 1, 1, 0, 0, 0)),
    ],
)
def test_files_have_one_time_stamp_and_plain_permissions(source, tmp_path, epoch, stamp):
    release(source, tmp_path, "18.0", epoch=epoch)
    with zipfile.ZipFile(tmp_path / (ADDON + "-18.0.1.2.3.zip")) as opened:
        assert {(entry.date_time, entry.external_attr >> 16) for entry in opened.infolist()} == {(stamp, 0o100644)}


def test_nothing_is_written_when_one_series_cannot_be_made(source, tmp_path):
    (source / "views/a.xml").write_text(
        '<odoo><record id="a" model="ir.ui.view"><field name="arch" type="xml">'
        '<form><field name="a" invisible="b == c"/></form></field></record></odoo>'
    )
    result = release(source, tmp_path / "dist", "18.0", "16.0")
    assert result.returncode == 1
    assert 'views/a.xml:1: <field name="a">: compare with a literal value' in result.stderr
    assert not (tmp_path / "dist").exists()


def test_unknown_series_is_refused_with_those_known(source, tmp_path):
    result = release(source, tmp_path / "dist", "13.0")
    assert result.returncode == 2
    assert "13.0 (there are 14.0, 15.0" in result.stderr


def test_help_names_the_series_and_the_options(source, tmp_path):
    result = release(source, tmp_path, "-h")
    assert result.returncode == 0
    assert "14.0 15.0 16.0 17.0 18.0 19.0" in result.stdout and "--dist" in result.stdout


def test_the_addon_itself_can_be_released_for_every_series(tmp_path):
    result = subprocess.run([sys.executable, str(RELEASE), "--dist", str(tmp_path)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 2 * 6


def test_archives_hold_the_pictures_of_the_description_page(tmp_path):
    root = RELEASE.parents[1]
    page = (root / ADDON / "static/description/index.html").read_text()
    pictures = re.findall(r'<img [^>]*src="([^"]+)"', page)
    assert len(pictures) >= 6  # a step each
    assert release(root / ADDON, tmp_path, "14.0", "19.0").returncode == 0
    for archive in tmp_path.glob("*.zip"):
        with zipfile.ZipFile(archive) as opened:
            for picture in pictures:
                content = opened.read("%s/static/description/%s" % (ADDON, picture))
                assert content.startswith(b"\x89PNG") and len(content) <= 150 * 1024


def test_pictures_of_the_readme_are_there():
    root = RELEASE.parents[1]
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", (root / "README.md").read_text())
    assert len(pictures) >= 6
    assert [path for path in pictures if not (root / path).is_file()] == []
