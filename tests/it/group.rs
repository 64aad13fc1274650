//! Groups: who is in them, who runs them, how people come and go.

mod big;
mod coming;
mod going;
mod posts;
mod returning;
mod running;
mod shop;
