//! Addresses of Pump AMM.

use crate::chain::base58::Pubkey;
use crate::chain::program::key;

pub const PUMP_AMM: Pubkey = key(b"pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA");
pub const PUMP_FEES: Pubkey = key(b"pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ");
pub const PUMP_AMM_CONFIG: Pubkey = key(b"ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw");
pub const PUMP_AMM_EVENTS: Pubkey = key(b"GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR");
pub const PUMP_AMM_VOLUME: Pubkey = key(b"C2aFPdENg4A2HQsmrd5rTw5TaYBX5Ku887cWjbFKtZpw");
pub const PUMP_FEE_CONFIG: Pubkey = key(b"5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx");
