//! Running other programs, with errors that name the command line.

use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::progress;

/// Runs `command` on the terminal and expects success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting `{}`", line(command)))?;
    ensure!(status.success(), "`{}` failed ({status})", line(command));
    Ok(())
}

/// Runs `command` and returns what it printed on the standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = captured(command)?;
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs `command` under a spinner; its words are shown only if it fails.
pub(crate) fn run_quietly(message: &str, command: &mut Command) -> Result<()> {
    let spinner = progress::spinner(message);
    let result = captured(command);
    spinner.finish_and_clear();
    result.map(drop)
}

fn captured(command: &mut Command) -> Result<Output> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting `{}`", line(command)))?;
    if !output.status.success() {
        let words = [output.stdout, output.stderr].concat();
        bail!(
            "`{}` failed ({}):\n{}",
            line(command),
            output.status,
            String::from_utf8_lossy(&words).trim_end()
        );
    }
    Ok(output)
}

/// The command line, for messages; without the environment.
fn line(command: &Command) -> String {
    let mut line = command.get_program().display().to_string();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
