//! Real programs report to the bot as the pages of docs/sources say, and people read it in a room of a real IRC server.

mod alertmanager;
mod chaostoolkit;
mod taskmanager;
