//! The figures of the server and of the baseline, as a table and as JSON.

use appointments_bench::{Report, millis, round};
use serde_json::{Value, json};

use crate::fanout::Fanout;
use crate::load::Load;

/// The figures of one case on both servers.
pub(crate) struct Comparison {
    pub(crate) name: &'static str,
    pub(crate) server: Load,
    pub(crate) baseline: Load,
}

/// The figures of a run.
pub(crate) struct Results {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) fanout: Fanout,
}

impl Results {
    pub(crate) fn print(&self) {
        println!(
            "{:<10} {:>13} {:>14} {:>6} {:>18} {:>19} {:>6}",
            "case",
            "server req/s",
            "baseline req/s",
            "ratio",
            "server CPU µs/req",
            "baseline CPU µs/req",
            "ratio"
        );
        for Comparison { name, server, baseline } in &self.comparisons {
            println!(
                "{name:<10} {:>13.0} {:>14.0} {:>6.2} {:>18.1} {:>19.1} {:>6.2}",
                server.requests_per_s,
                baseline.requests_per_s,
                server.requests_per_s / baseline.requests_per_s,
                server.cpu_us,
                baseline.cpu_us,
                server.cpu_us / baseline.cpu_us,
            );
        }
        println!("Load: 16 connections, on the same cores as the server.");
        println!(
            "Writes: the baseline commits each one; the server commits waiting ones together."
        );
        println!();
        self.fanout.print();
        println!("an idle socket: {} bytes", self.fanout.bytes_per_idle_socket);
    }

    pub(crate) fn report(&self) -> Report {
        let mut report = Report::default();
        for Comparison { name, server, baseline } in &self.comparisons {
            let figures = json!({
                "requests_per_s": round(server.requests_per_s),
                "cpu_us_per_request": round(server.cpu_us),
                "baseline_requests_per_s": round(baseline.requests_per_s),
                "baseline_cpu_us_per_request": round(baseline.cpu_us),
                "cpu_ratio": round(server.cpu_us / baseline.cpu_us),
            });
            report.insert(*name, figures);
        }
        let mut fanout = self.fanout.figures();
        fanout["bytes_per_idle_socket"] = json!(self.fanout.bytes_per_idle_socket);
        report.insert("fanout", fanout);
        report
    }
}

impl Fanout {
    pub(crate) fn print(&self) {
        println!(
            "one change to {} sockets: p50 {:.1} ms, p99 {:.1} ms",
            self.sockets,
            millis(self.p50),
            millis(self.p99)
        );
    }

    pub(crate) fn figures(&self) -> Value {
        json!({
            "sockets": self.sockets,
            "p50_ms": round(millis(self.p50)),
            "p99_ms": round(millis(self.p99)),
        })
    }
}
