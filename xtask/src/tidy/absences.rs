//! Words that may appear only in some places. Each has its reason.

use super::fault;

/// A word, and the only places where it may appear.
struct Absence {
    /// Compared without regard to case. In pieces, so that this file does not contain the word.
    word: &'static [&'static str],
    /// The rule holds for paths that begin so.
    within: &'static str,
    /// Exceptions: paths that begin so may contain the word.
    except: &'static [&'static str],
    reason: &'static str,
}

const ABSENCES: &[Absence] = &[
    Absence {
        word: &["sqlx"],
        within: "server/src/",
        except: &["server/src/store/"],
        reason: "only `store` may use it",
    },
    Absence {
        word: &["sqlite"],
        within: "server/src/",
        except: &[
            "server/src/store/sqlite/",
            "server/src/store/database.rs",
            "server/src/store/migrations.rs",
            "server/src/store/mod.rs",
            "server/src/store/database.rs",
            "server/src/store/error.rs",
            "server/src/store/copy_to_postgres/",
        ],
        reason: "no other module may depend on the kind of database",
    },
    Absence {
        word: &["pgpool"],
        within: "server/src/",
        except: &["server/src/store/postgres/"],
        reason: "no other module may depend on the kind of database",
    },
    Absence {
        word: &["async_graphql"],
        within: "server/src/",
        except: &["server/src/graphql/", "server/src/http/"],
        reason: "only `graphql` and the handlers in `http` may use it",
    },
    Absence {
        word: &["tokio"],
        within: "server/src/domain/",
        except: &[],
        reason: "`domain` is pure and has no executor",
    },
    Absence {
        word: &["::now("],
        within: "server/src/domain/",
        except: &[],
        reason: "`domain` is pure; take the time as an argument",
    },
    Absence {
        word: &["tokio"],
        within: "client/cache/src/",
        except: &[],
        reason: "the cache has no executor",
    },
    Absence {
        word: &["::now("],
        within: "client/cache/src/",
        except: &[],
        reason: "the cache has no clock",
    },
    Absence {
        word: &["appointment"],
        within: "client/cache/src/",
        except: &[],
        reason: "the cache works with any GraphQL schema",
    },
    Absence {
        word: &["target_family"],
        within: "client/",
        except: &["client/src/runtime", "client/src/transport", "client/Cargo.toml"],
        reason: "only `runtime` and `transport` may depend on the platform",
    },
    Absence {
        word: &["websocket"],
        within: "web/src/",
        except: &[],
        reason: "the page gets its data from the client only",
    },
    Absence {
        word: &["gloo_net"],
        within: "web/src/",
        except: &[],
        reason: "the page gets its data from the client only",
    },
    Absence {
        word: &["fetch_with"],
        within: "web/src/",
        except: &[],
        reason: "the page gets its data from the client only",
    },
    Absence { word: &["/wo", "rk/"], within: "", except: &[], reason: MACHINE_PATH },
    Absence { word: &["/ro", "ot/"], within: "", except: &[], reason: MACHINE_PATH },
];

const MACHINE_PATH: &str = "remove the path of a developer's machine";

/// Checks a file of any kind.
pub(super) fn check(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for absence in ABSENCES {
        let is_exempt = absence.except.iter().any(|it| path.starts_with(it));
        if !path.starts_with(absence.within) || is_exempt {
            continue;
        }
        let word = absence.word.concat();
        for (index, line) in text.lines().enumerate() {
            if line.to_lowercase().contains(&word) {
                faults.push(fault(path, index + 1, &word, absence.reason));
            }
        }
    }
    faults
}
