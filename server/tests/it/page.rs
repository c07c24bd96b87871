//! The calendar page's files: caching, compression and content security policy.

use std::collections::BTreeMap;

use reqwest::header::ACCEPT_ENCODING;

use crate::world::World;

type Headers = BTreeMap<String, String>;

async fn get(world: &World, path: &str, accepts: &str) -> (u16, Headers, Vec<u8>) {
    let client = appointments_testing::http_client_builder().build().unwrap();
    let response =
        client.get(world.url(path)).header(ACCEPT_ENCODING, accepts).send().await.unwrap();
    let text = |it: &reqwest::header::HeaderValue| it.to_str().unwrap().to_owned();
    let headers = response.headers().iter().map(|(name, it)| (name.to_string(), text(it)));
    (response.status().as_u16(), headers.collect(), response.bytes().await.unwrap().to_vec())
}

/// Returns the names of the files that the page loads.
fn assets(page: &[u8]) -> Vec<String> {
    let page = String::from_utf8_lossy(page);
    let found = page.split("/assets/").skip(1);
    found.filter_map(|it| it.split('"').next().map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_document_is_not_cached_and_its_assets_are() {
    let world = World::new().await;
    if !appointments_server::http::page::is_built() {
        println!("SKIPPED: the page is not built (cargo xtask page)");
        return;
    }
    let (status, headers, page) = get(&world, "/", "").await;
    assert_eq!((status, headers["cache-control"].as_str()), (200, "no-cache"));
    assert!(headers["content-security-policy"].starts_with("default-src 'none';"));
    assert!(!headers["content-security-policy"].contains("unsafe-inline"));
    assert!(!String::from_utf8_lossy(&page).contains("<script>"), "no inline script");
    let assets = assets(&page);
    assert_eq!(assets.len(), 3, "{assets:?}");
    for name in assets {
        let path = format!("/assets/{name}");
        let (status, headers, plain) = get(&world, &path, "").await;
        assert_eq!(status, 200, "{name}");
        assert!(headers["cache-control"].contains("immutable"));
        assert_eq!(headers.get("content-encoding"), None);
        let kind = match name.rsplit('.').next() {
            Some("wasm") => "application/wasm",
            Some("js") => "text/javascript; charset=utf-8",
            _ => "text/css; charset=utf-8",
        };
        assert_eq!(headers["content-type"], kind);
        for (accepts, coding) in [("gzip, deflate, br", "br"), ("br;q=0, gzip;q=0.5", "gzip")] {
            let (_, headers, small) = get(&world, &path, accepts).await;
            assert_eq!(headers["content-encoding"], coding, "{accepts}");
            assert!(small.len() < plain.len());
        }
    }
    assert_eq!(get(&world, "/assets/nothing.js", "").await.0, 404);
    assert_eq!(get(&world, "/assets/index.html", "").await.0, 404, "the document is not an asset");
}
