//! The browser test: a student's session, in Chromium; see `tests/browser.rs`.
