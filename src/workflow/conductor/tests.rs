//! A workflow stored after each step goes on as if nothing had happened.
