//! The suite's program `wstest`: found, or installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::command;

/// The release whose verdicts are recorded.
pub(super) const VERSION: &str = "25.10.1";

/// The last releases of this tool that run on Python 2.7 end here.
const VIRTUALENV: &str = "virtualenv==20.15.1";

/// An installed suite.
pub(super) struct Suite {
    wstest: PathBuf,
}

impl Suite {
    /// Takes `wstest` from the search path if it is the right version, else
    /// from a virtual environment below `directory`, made on first use.
    pub(super) fn prepare(directory: &Path) -> Result<Self> {
        let environment = directory.join("venv");
        let own = environment.join("bin/wstest");
        let candidates = [PathBuf::from("wstest"), own.clone()];
        if let Some(wstest) = candidates.into_iter().find(|wstest| is_right_version(wstest)) {
            return Ok(Self { wstest });
        }
        let python = find_python().ok_or_else(no_python)?;
        install(&python, directory, &environment).with_context(|| {
            format!("installing the Autobahn test suite with {}", python.display())
        })?;
        Ok(Self { wstest: own })
    }

    /// A command that runs the suite in `mode` with the file `spec`.
    pub(super) fn command(&self, mode: &str, spec: &Path) -> Command {
        let mut command = Command::new(&self.wstest);
        command.args(["--mode", mode, "--spec"]).arg(spec);
        // A line comes when its case starts, not when a buffer is full.
        command.env("PYTHONUNBUFFERED", "1");
        command
    }
}

fn is_right_version(wstest: &Path) -> bool {
    command::output(Command::new(wstest).arg("--autobahnversion"))
        .is_ok_and(|words| words.contains(&format!("AutobahnTestSuite {VERSION}")))
}

fn install(python: &Path, directory: &Path, environment: &Path) -> Result<()> {
    // Beside the interpreter's own packages, which are not this project's.
    let bootstrap = directory.join("virtualenv");
    for leftover in [&bootstrap, &environment.to_path_buf()] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    command::run_quietly(
        "Fetching virtualenv for Python 2.7",
        Command::new(python).args(["-m", "pip", "install", VIRTUALENV, "--target"]).arg(&bootstrap),
    )?;
    command::run_quietly(
        "Making a virtual environment",
        Command::new(python)
            .args(["-m", "virtualenv"])
            .arg(environment)
            .env("PYTHONPATH", &bootstrap),
    )?;
    command::run_quietly(
        &format!("Installing the Autobahn test suite {VERSION}"),
        Command::new(environment.join("bin/pip"))
            .args(["install", &format!("autobahntestsuite=={VERSION}")]),
    )
}

/// Python 2.7 is all that the suite runs on.
fn find_python() -> Option<PathBuf> {
    ["python2.7", "python2", "python"]
        .into_iter()
        .map(PathBuf::from)
        .chain(pyenv_pythons())
        .find(|python| is_python_2_7(python))
}

fn is_python_2_7(python: &Path) -> bool {
    let script = "import sys; print('%d.%d' % sys.version_info[:2])";
    command::output(Command::new(python).args(["-c", script]))
        .is_ok_and(|version| version.trim() == "2.7")
}

/// Interpreters that pyenv has but may not have put on the search path.
fn pyenv_pythons() -> Vec<PathBuf> {
    let pyenv = |arguments: &[&str]| command::output(Command::new("pyenv").args(arguments));
    let Ok(versions) = pyenv(&["versions", "--bare"]) else {
        return Vec::new();
    };
    versions
        .lines()
        .filter(|version| version.starts_with("2.7."))
        .filter_map(|version| pyenv(&["prefix", version]).ok())
        .map(|prefix| Path::new(prefix.trim()).join("bin/python2.7"))
        .collect()
}

fn no_python() -> anyhow::Error {
    anyhow!(
        "the Autobahn test suite runs on Python 2.7 only, and there is none here. Either:\n\
         - put a `python2.7` with pip on the search path, for example with `pyenv install 2.7.18`;\n\
         - or run the suite's own image with Docker, as autobahn/README.md shows."
    )
}
