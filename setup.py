"""What `pyproject.toml` cannot say: a wheel carries the files that lie beside the package in a checkout."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

# cxr_dash/settings.py looks for them in this folder of the package where no checkout is around it.
_BESIDE = Path("cxr_dash", "beside")
_FILES = ("app.py", "gunicorn.conf.py", "LICENSE")


class BuildWithWhatIsServed(build_py):
    """Copies page assets, application and gunicorn's configuration into the package."""

    def run(self) -> None:
        """Copy; an editable install has them around it."""
        super().run()
        if self.editable_mode:
            return
        beside = Path(self.build_lib) / _BESIDE
        shutil.copytree("assets", beside / "assets", dirs_exist_ok=True)
        for name in _FILES:
            shutil.copy2(name, beside / name)


setup(cmdclass={"build_py": BuildWithWhatIsServed})
