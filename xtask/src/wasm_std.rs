//! The guests' standard library, by one of three routes.
//!
//! A component behaves the same whichever route its standard library took; the
//! routes exist because not every machine can reach every source.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::ValueEnum;
use rustix::process::geteuid;

use crate::command;

/// What the guests are compiled for: no libc, so no imports nobody asked for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's compiler for the browsers it ships: newer than Debian's own `rustc`,
/// with the standard library's source in a package beside it.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";

/// Where the guests' standard library comes from.
#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum WasmStd {
    /// The first of the others that works
    #[default]
    Auto,
    /// The active toolchain has it already
    Installed,
    /// `rustup target add wasm32-unknown-unknown`
    Rustup,
    /// Built from the source in Debian's packages rustc-web and rust-web-src,
    /// which are installed if this runs as root
    Debian,
}

/// What compiles the guests.
pub(crate) enum Compiler {
    /// The active toolchain, which has the standard library.
    Active,
    /// Debian's compiler, which builds the standard library from source and
    /// brings no linker for it.
    Debian { linker: PathBuf },
}

impl WasmStd {
    /// Makes the standard library available.
    pub(crate) fn prepare(self) -> Result<Compiler> {
        match self {
            Self::Auto => automatic(),
            Self::Installed => {
                let sysroot = active_sysroot()?;
                ensure!(
                    has_target(&sysroot),
                    "the toolchain in {} has no standard library for {TARGET}.\n\
                     Add it with `rustup target add {TARGET}`, or leave out `--wasm-std installed`.",
                    sysroot.display()
                );
                Ok(Compiler::Active)
            }
            Self::Rustup => rustup()
                .context("rustup did not supply the standard library; try `--wasm-std debian`"),
            Self::Debian => debian(),
        }
    }
}

fn automatic() -> Result<Compiler> {
    if has_target(&active_sysroot()?) {
        return Ok(Compiler::Active);
    }
    rustup().or_else(|failure| {
        let words = failure.to_string();
        let told = words.lines().find(|line| line.starts_with("error:")).unwrap_or("no reason told");
        eprintln!("rustup cannot supply {TARGET} here ({told}); trying Debian's packages");
        debian().with_context(|| {
            format!("no standard library for {TARGET}: neither installed, nor from rustup, nor from Debian")
        })
    })
}

fn rustup() -> Result<Compiler> {
    command::run_quietly(
        &format!("Adding {TARGET} with rustup"),
        Command::new("rustup").args(["target", "add", TARGET]),
    )?;
    Ok(Compiler::Active)
}

fn debian() -> Result<Compiler> {
    if !debian_packages_installed() {
        install_debian_packages()?;
    }
    let active = active_sysroot()?;
    let linker = active.join("lib/rustlib").join(host_triple()?).join("bin/rust-lld");
    ensure!(
        linker.exists(),
        "{} is missing: Debian's {} needs the linker of a toolchain from https://rustup.rs",
        linker.display(),
        DEBIAN_PACKAGES[0]
    );
    Ok(Compiler::Debian { linker })
}

fn debian_packages_installed() -> bool {
    DEBIAN_PACKAGES.iter().all(|package| {
        command::output(Command::new("dpkg-query").args([
            "--show",
            "--showformat=${db:Status-Status}",
            package,
        ]))
        .is_ok_and(|status| status == "installed")
    })
}

fn install_debian_packages() -> Result<()> {
    let packages = DEBIAN_PACKAGES.join(" ");
    if !geteuid().is_root() {
        bail!(
            "the Debian packages {packages} are not installed. Type:\n\n    \
             sudo apt-get update\n    sudo apt-get install -y {packages}\n\nand run this again."
        );
    }
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        apt
    };
    command::run_quietly("Reading Debian's package lists", &mut apt(&["update"]))?;
    command::run_quietly(
        &format!("Installing Debian's {packages}"),
        apt(&["install", "-y", "--no-install-recommends"]).args(DEBIAN_PACKAGES),
    )
}

impl Compiler {
    /// Has `cargo` compile for the guests' target with `flags`.
    pub(crate) fn apply(&self, cargo: &mut Command, flags: &[&str]) {
        let mut flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        // A panic knows where it is: that is not to tell where this machine has what.
        for sources in crate_sources() {
            flags.push(format!("--remap-path-prefix={}=", sources.display()));
        }
        cargo.args(["--target", TARGET]);
        if let Self::Debian { linker } = self {
            flags.push(format!("-Clinker={}", linker.display()));
            flags.push("-Clinker-flavor=wasm-ld".to_owned());
            // Without this variable, `-Z` needs a nightly toolchain.
            cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
            // Without features: a panic is a trap, so nobody reads a backtrace.
            cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
            // So that components are not much larger than with a library that is there
            // already. Of it, nothing is called often but what is generic, and compiled
            // with what calls it.
            flags.push(format!("--remap-path-prefix={DEBIAN_LIBRARY}="));
            for part in ["core", "alloc", "std"] {
                cargo.args(["--config", &format!("profile.guest.package.{part}.opt-level='s'")]);
            }
        }
        // Outranks `RUSTFLAGS` and configuration files: the guests are the same
        // on every machine.
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    }
}

fn has_target(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib").join(TARGET).join("lib").exists()
}

/// Where cargo keeps what it downloaded: a folder for each registry. There is one by now,
/// as this program was built from it; in the same order each time, as cargo builds anew
/// what has other flags.
fn crate_sources() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|home| home.join("registry/src").read_dir().ok());
    let registries = registries.into_iter().flatten();
    let mut sources: Vec<_> = registries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    sources.sort();
    sources
}

fn active_sysroot() -> Result<PathBuf> {
    let sysroot = command::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(PathBuf::from(sysroot.trim_end()))
}

fn host_triple() -> Result<String> {
    let version = command::output(Command::new("rustc").arg("-vV"))?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| anyhow!("`rustc -vV` names no host:\n{version}"))
}
