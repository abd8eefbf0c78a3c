//! Text helpers shared by every layer.
