//! Tests of rules that need no server: instants, zones, texts, ranges, ids and fingerprints.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

mod instants {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let result = Instant::parse(text).map_or_else(|error| error, |it| it.to_string());
        assert!(result.contains(expected), "{text:?} → {result:?}, not {expected:?}");
    }

    #[test]
    fn an_instant_is_converted_to_utc() {
        check("2026-11-23T09:30:00Z", "2026-11-23T09:30:00Z");
        check("2026-11-23T12:00:00+02:00", "2026-11-23T10:00:00Z");
        check("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00Z");
        check("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z");
        check("2026-01-01t00:00:00z", "2026-01-01T00:00:00Z");
    }

    #[test]
    fn text_that_is_not_rfc_3339_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T09:30:00",
            "2026-11-23T09:30Z",
            "2026-11-23 09:30:00Z",
            " 2026-11-23T09:30:00Z",
            "2026-11-23T09:30:00Z ",
            "2026-11-23T09:30:00+2",
            "2026-11-23T09:30:00+0200",
            "2026-11-23T09:30:00+24:00",
            "2026-11-23T09:30:00+02:60",
            "2026-11-23T09:30:00.Z",
            "10000-01-01T00:00:00Z",
            "-2026-11-23T09:30:00Z",
            "2026-11-23T09:30:00Ž",
            "２026-11-23T09:30:00Z",
        ] {
            check(text, "RFC 3339 timestamp with an offset");
        }
    }

    #[test]
    fn days_and_times_that_do_not_exist_are_refused() {
        check("2026-02-29T00:00:00Z", "This day does not exist");
        check("2026-13-01T00:00:00Z", "This day does not exist");
        check("2026-11-23T24:00:00Z", "This time of day does not exist");
        check("2026-11-23T00:60:00Z", "This time of day does not exist");
        check("2016-12-31T23:59:60Z", "Leap seconds");
    }

    #[test]
    fn fractions_of_a_second_are_refused() {
        check("2026-11-23T09:30:00.000Z", "2026-11-23T09:30:00Z");
        check("2026-11-23T09:30:00.5Z", "whole seconds");
        check("2026-11-23T09:30:00.0000000000000000000001Z", "whole seconds");
    }

    #[test]
    fn years_before_1900_and_after_2199_are_refused() {
        check("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z");
        check("2199-12-31T23:59:59Z", "2199-12-31T23:59:59Z");
        for text in [
            "0001-01-01T00:00:00Z",
            "1900-01-01T00:00:00+00:01",
            "2200-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
        ] {
            check(text, "1900 to 2199");
        }
    }

    proptest! {
        #[test]
        fn every_displayed_instant_can_be_parsed(seconds in -2_208_988_800..=7_258_118_399_i64) {
            let instant = Instant::from_unix(seconds);
            prop_assert_eq!(Instant::parse(&instant.to_string()), Ok(instant));
        }

        #[test]
        fn no_text_makes_parse_panic(text in ".{0,40}") {
            let _ = Instant::parse(&text);
        }
    }
}

mod zones {
    use super::*;

    #[test]
    fn names_are_accepted_in_any_case_and_displayed_canonically() {
        assert_eq!(Zone::parse("europe/berlin").unwrap().name(), "Europe/Berlin");
        for name in ["Mars/Phobos", "", "../etc/passwd", "GMT+2", "W. Europe Standard Time"] {
            assert!(Zone::parse(name).is_err(), "{name}");
        }
    }

    /// Names such as `Etc/GMT+2` follow POSIX, where `+` is west of Greenwich.
    #[test]
    fn etc_gmt_plus_2_is_behind_utc() {
        let zone = Zone::parse("Etc/GMT+2").unwrap();
        assert_eq!(zone.local(at("2026-01-01T12:00:00Z")).to_string(), "2026-01-01 10:00:00");
    }

    #[track_caller]
    fn check_local(zone: &str, local: &str, expected: &str) {
        let zone = Zone::parse(zone).unwrap();
        assert_eq!(zone.instant(local.parse().unwrap()), at(expected), "{local} in {zone}");
    }

    #[test]
    fn a_local_time_that_does_not_exist_has_the_offset_before_the_gap() {
        check_local("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00");
        check_local("America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T01:00:00-02:00");
    }

    #[test]
    fn a_local_time_that_occurs_twice_means_the_first_one() {
        check_local("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00");
    }

    #[track_caller]
    fn check_day(zone: &str, date: &str, minutes: i64) {
        let zone = Zone::parse(zone).unwrap();
        let (start, end) =
            (zone.day_start(day(date)), zone.day_start(day(date).succ_opt().unwrap()));
        assert_eq!((end.unix() - start.unix()) / 60, minutes, "{date} in {zone}");
        assert!(minutes == 0 || zone.is_day_start(start), "{date} in {zone}");
        assert!(!zone.is_day_start(start.plus(1)), "{date} in {zone}");
        assert!(minutes == 0 || !zone.is_day_start(start.plus(3_600)), "{date} in {zone}");
    }

    #[test]
    fn days_on_which_clocks_change_have_another_length() {
        check_day("Europe/Berlin", "2026-03-28", 24 * 60);
        check_day("Europe/Berlin", "2026-03-29", 23 * 60);
        check_day("Europe/Berlin", "2026-10-25", 25 * 60);
        check_day("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30);
        check_day("Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30);
    }

    #[test]
    fn a_day_without_midnight_starts_after_the_gap() {
        check_day("America/Sao_Paulo", "2018-11-04", 23 * 60);
        let zone = Zone::parse("America/Sao_Paulo").unwrap();
        assert_eq!(
            zone.local(zone.day_start(day("2018-11-04"))).to_string(),
            "2018-11-04 01:00:00"
        );
    }

    #[test]
    fn a_skipped_day_is_empty() {
        check_day("Pacific/Apia", "2011-12-30", 0);
        check_day("Pacific/Apia", "2011-12-31", 24 * 60);
    }

    proptest! {
        #[test]
        fn every_day_of_every_zone_lasts_0_to_48_hours(
            zone in proptest::sample::select(chrono_tz::TZ_VARIANTS.as_slice()),
            days in 0..100_000_u64,
        ) {
            let zone = Zone::parse(zone.name()).unwrap();
            let date = day("1901-01-01") + chrono::Days::new(days);
            let (start, end) = (zone.day_start(date), zone.day_start(date.succ_opt().unwrap()));
            let hours = (end.unix() - start.unix()) as f64 / 3600.0;
            prop_assert!((0.0..=48.0).contains(&hours), "{} in {}: {} hours", date, zone, hours);
        }
    }
}

mod texts {
    use super::super::text;

    #[track_caller]
    fn expect_refused(checked: Result<String, String>, expected: &str) {
        let error = checked.unwrap_err();
        assert!(error.contains(expected), "{error:?}, not {expected:?}");
    }

    #[test]
    fn a_grapheme_counts_as_one_character() {
        for one in ["a", "ß", "👨‍👩‍👧‍👦", "שׁ", "e\u{301}", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        {
            assert_eq!(text::check_title(one.repeat(255)).unwrap(), one.repeat(255));
            expect_refused(text::check_title(one.repeat(256)), "at most 255 characters");
        }
    }

    #[test]
    fn combining_marks_are_limited() {
        expect_refused(
            text::check_title("a".to_owned() + &"\u{301}".repeat(20_000)),
            "at most 255",
        );
    }

    #[test]
    fn blank_titles_and_control_characters_are_refused() {
        for blank in ["", " ", "\t\n", "\u{2003}"] {
            expect_refused(text::check_title(blank.into()), "Enter a title");
        }
        for text in ["a\0", "a\r\n", "\u{7f}x", "a\u{85}"] {
            expect_refused(text::check_description(text.into()), "control characters");
        }
        assert!(text::check_description("a\n\tb".into()).is_ok());
    }

    #[test]
    fn malformed_e_mail_addresses_are_refused() {
        for good in ["ada@example.org", "a+b@example.org", "ü@example.org", "a@localhost"] {
            assert!(text::check_email(good.into()).is_ok(), "{good}");
        }
        for bad in ["", "ada", "@example.org", "ada@", "a b@example.org", "Ada <ada@example.org>"] {
            expect_refused(text::check_email(bad.into()), "e-mail address");
        }
    }
}

mod ranges {
    use super::*;

    /// Checks whether `[a,b)` touches the range `[c,d)`, in seconds.
    #[track_caller]
    fn check((a, b): (i64, i64), (c, d): (i64, i64), expected: bool) {
        let interval = |start, end| Interval {
            start: Instant::from_unix(start),
            end: Instant::from_unix(end),
        };
        assert_eq!(interval(a, b).touches(&interval(c, d)), expected, "[{a},{b}) in [{c},{d})");
    }

    #[test]
    fn ranges_are_half_open() {
        check((10, 11), (11, 12), false);
        check((11, 12), (10, 11), false);
        check((9, 12), (10, 11), true);
        check((9, 11), (10, 12), true);
        check((10, 11), (10, 11), true);
    }

    #[test]
    fn an_empty_interval_touches_exactly_one_of_two_adjacent_ranges() {
        check((10, 10), (10, 11), true);
        check((10, 10), (9, 10), false);
        check((10, 10), (5, 15), true);
    }

    #[test]
    fn invalid_ranges_are_refused() {
        let parse = |a, b| Interval::parse(a, b).and_then(Interval::check_length).unwrap_err();
        let (jan, feb) = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
        assert_eq!(parse(feb, jan), RangeError::Empty);
        assert_eq!(parse(jan, jan), RangeError::Empty);
        assert_eq!(parse(jan, "2027-02-05T00:00:01Z"), RangeError::TooLong);
        assert!(Interval::parse(jan, "2027-02-05T00:00:00Z").unwrap().check_length().is_ok());
        assert!(matches!(parse(jan, "soon"), RangeError::BadInstant { field: "end", .. }));
    }
}

mod ids {
    use super::*;

    #[test]
    fn only_canonical_ids_are_accepted() {
        let id = "0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5";
        assert_eq!(AppointmentId::parse(&id.to_uppercase()).unwrap().to_string(), id);
        for bad in [
            "",
            "7",
            "0192f3c47a5b7c3d8e9fa0b1c2d3e4f5",
            "{0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5}",
            "urn:uuid:0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4fg",
        ] {
            assert!(AppointmentId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_version_7_ids_have_a_timestamp() {
        let timestamp = |id: &str| MutationId::parse(id).unwrap().timestamp();
        let v7 = timestamp("0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5");
        assert_eq!(v7.unwrap().to_string(), "2024-11-03T20:43:12Z");
        assert_eq!(timestamp("0192f3c4-7a5b-4c3d-8e9f-a0b1c2d3e4f5"), None);
    }
}

mod fingerprints {
    use super::*;

    fn hex(fingerprint: Fingerprint) -> String {
        fingerprint.0.iter().map(|it| format!("{it:02x}")).collect()
    }

    /// The ledger compares a retried mutation with a stored fingerprint, so the serialised form of
    /// a checked mutation must not change.
    #[test]
    fn stored_fingerprints_stay_valid() {
        let create = CreateAppointmentInput {
            id: None,
            calendar_id: None,
            title: "Dentist".into(),
            description: None,
            location: Some("Room 1".into()),
            starts_at: "2026-11-23T09:00:00Z".into(),
            ends_at: "2026-11-23T10:00:00Z".into(),
            all_day: false,
            time_zone: None,
            status: AppointmentStatus::Confirmed,
            attendees: Vec::new(),
            mutation_id: None,
        };
        let in_berlin =
            CreateAppointmentInput { time_zone: Some("Europe/Berlin".into()), ..create.clone() };
        let update = UpdateAppointmentInput {
            id: "0192f3c4-7a5b-7c3d-8e9f-a0b1c2d3e4f5".into(),
            title: Maybe::Set("Dentist".into()),
            description: Maybe::Clear,
            location: Maybe::Set("Room 1".into()),
            ..UpdateAppointmentInput::default()
        };
        let create = Fingerprint::of("createAppointment", &create.check().unwrap());
        let in_berlin = Fingerprint::of("createAppointment", &in_berlin.check().unwrap());
        let update = Fingerprint::of("updateAppointment", &update.check().unwrap());
        let expected = [
            "8add6716fa92ed25ed9ecb35cd8580c15f55f53c3f6f218c1c5b2b9846b0b78a",
            "727912237b20f4abd409485c4956488cff51459e73a96608c84b655515d54064",
            "b1d3a97ab4365a00edd7fa7ecaa6a887238bf53f89208ca3cca4e963a9d031b0",
        ];
        assert_eq!([create, in_berlin, update].map(hex), expected);
    }
}
