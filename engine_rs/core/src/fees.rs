//! Priority fee, tip and congestion from live samples.
