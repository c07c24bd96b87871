//! The figures, for people and for programs.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::fanout::Fanout;
use crate::load::Figures;

/// One case on both servers.
pub(crate) struct Compared {
    pub(crate) name: &'static str,
    pub(crate) server: Figures,
    pub(crate) bare: Figures,
}

/// Everything that was measured.
pub(crate) struct Report {
    pub(crate) compared: Vec<Compared>,
    pub(crate) fanout: Fanout,
    pub(crate) smoke: bool,
}

impl Report {
    pub(crate) fn print(&self) {
        println!(
            "{:<10} {:>13} {:>11} {:>6} {:>18} {:>16} {:>6}",
            "case",
            "server req/s",
            "bare req/s",
            "ratio",
            "server CPU µs/req",
            "bare CPU µs/req",
            "ratio"
        );
        for Compared { name, server, bare } in &self.compared {
            println!(
                "{name:<10} {:>13.0} {:>11.0} {:>6.2} {:>18.1} {:>16.1} {:>6.2}",
                server.requests_per_s,
                bare.requests_per_s,
                server.requests_per_s / bare.requests_per_s,
                server.cpu_us,
                bare.cpu_us,
                server.cpu_us / bare.cpu_us,
            );
        }
        println!("16 connections; the load runs on the same cores as the server.");
        println!("Changes: the bare server commits each by itself, the server those that wait.");
        let Fanout { sockets, p50, p99, bytes_per_idle_socket } = self.fanout;
        println!();
        println!("one change to {sockets} sockets: p50 {:.1} ms, p99 {:.1} ms", ms(p50), ms(p99));
        println!("an idle socket: {bytes_per_idle_socket} bytes");
        if self.smoke {
            println!("\nThis was a smoke run: the figures mean nothing.");
        }
    }

    /// Writes JSON to a file in a folder that is there.
    pub(crate) fn write(&self, file: &Path) -> Result<()> {
        let mut all = Map::new();
        for Compared { name, server, bare } in &self.compared {
            let figures = json!({
                "requests_per_s": short(server.requests_per_s),
                "cpu_us_per_request": short(server.cpu_us),
                "bare_requests_per_s": short(bare.requests_per_s),
                "bare_cpu_us_per_request": short(bare.cpu_us),
                "cpu_ratio": short(server.cpu_us / bare.cpu_us),
            });
            all.insert((*name).to_owned(), figures);
        }
        let Fanout { sockets, p50, p99, bytes_per_idle_socket } = self.fanout;
        let fanout = json!({
            "sockets": sockets,
            "p50_ms": short(ms(p50)),
            "p99_ms": short(ms(p99)),
            "bytes_per_idle_socket": bytes_per_idle_socket,
        });
        all.insert("fanout".to_owned(), fanout);
        let text = serde_json::to_string_pretty(&Value::Object(all))? + "\n";
        Ok(fs::write(file, text)?)
    }
}

pub(crate) fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Two digits: the rest is noise.
pub(crate) fn short(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
