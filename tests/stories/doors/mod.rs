//! Protects the doors: on both services, for every RPC, every role and every kind of token, driven from the one table that
//! the services themselves ask; and for every RPC that names a session or a video, that another tenant's is not there.

mod hostile;
mod house;
mod roles;
mod tenants;
mod tokens;
mod web;
