//! Every swap recorded from the programs themselves, to the atom. Skips with a reason where the recordings aren't
//! beside the project.

mod clmm;
mod dlmm;
mod instructions;
mod meteora;
mod orca;
mod raydium;
mod recording;
mod saber;
mod unit;
