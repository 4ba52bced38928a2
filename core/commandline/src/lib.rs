//! What the command lines written in Go share: how they read flags ([`pflag`]), align columns ([`tab`]), quote
//! texts ([`text`]) and show objects to Go templates ([`template`]). It knows no command.

pub mod pflag;
pub mod tab;
pub mod template;
pub mod text;
