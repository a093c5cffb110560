//! Parses the command line, wires, runs and exits; everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chatops::cli::main()
}
