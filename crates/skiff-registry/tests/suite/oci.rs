//! OCI registries: what is pushed is pulled, what is damaged is found, and no change is made where one could be lost.
#![cfg(feature = "clouds")]
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

#[path = "common/oci_server.rs"]
mod oci_server;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::common::{Folder, change, name, push_of};
use oci_server::{Reply, Request, Server};
use serde_json::Value as Json;
use skiff_registry::{AliasChange, Cache, Error, Expected, Manifest, Push, Registry, Selector, Settings};

/// A registry with two versions of `churn`, of which `production` is the first.
fn server(folder: &Folder) -> (Server, Registry) {
    let server = Server::new();
    let registry = Registry::open(&server.url()).unwrap().single_writer();
    for content in ["one", "two"] {
        registry.push(&name("churn"), push_of(&folder.file("model.skiff", content.as_bytes()))).unwrap();
    }
    registry.set_alias(&name("churn"), &name("production"), Some(1), &change("first")).unwrap();
    (server, registry)
}

fn fetched(registry: &Registry, folder: &Folder, version: &Manifest) -> Result<Vec<u8>, Error> {
    let out = folder.0.join("out");
    registry.fetch(&version.model, &version.file, &out)?;
    Ok(fs::read(out).unwrap())
}

/// Whether a request is for a blob or manifest of this name.
fn gets(request: &Request, end: &str) -> bool {
    request.method == "GET" && request.path.ends_with(end)
}

#[test]
fn the_life_of_a_model() {
    let folder = Folder::new("oci-life");
    let (server, registry) = server(&folder);
    let model = name("churn");
    // Of several parts, with a signature.
    let large: Vec<u8> = (0..5_000_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
    let (file, signature) = (folder.file("model.skiff", &large), folder.file("model.skiff.sig", b"signature"));
    let push = || Push { signature: Some(&signature), why: Some("larger".to_owned()), ..push_of(&file) };
    let pushed = registry.push(&model, push()).unwrap();
    assert_eq!((pushed.manifest.version, pushed.is_new), (3, true));
    assert!(!registry.push(&model, push()).unwrap().is_new, "the same file again is no new version");
    assert_eq!(registry.versions(&model).unwrap(), [1, 2, 3]);
    assert_eq!(registry.models().unwrap(), [name("churn")]);

    let resolve = |selector| registry.resolve(&model, &selector).unwrap();
    let third = resolve(Selector::Version(3));
    assert_eq!(third, pushed.manifest);
    assert_eq!(fetched(&registry, &folder, &third).unwrap(), large);
    let cached = Cache::new(folder.0.join("cache")).get(&registry, &third).unwrap();
    assert_eq!(fs::read(cached.signature.unwrap()).unwrap(), b"signature");
    assert_eq!(resolve(Selector::Digest(third.file.digest.clone())).version, 3);
    assert_eq!(resolve(Selector::Alias(name("production"))).version, 1);
    // The digest that other programs know the artifact by.
    let artifact = server.objects(|objects| {
        let bytes = &objects["models/churn/manifests/2"];
        let same = |(other, found): (&String, &Vec<u8>)| {
            let digest = other.strip_prefix("models/churn/manifests/sha256:").filter(|_| found == bytes)?;
            Some(format!("sha256:{digest}"))
        };
        objects.iter().find_map(same).unwrap()
    });
    assert_eq!(resolve(Selector::Digest(artifact.parse().unwrap())).version, 2);

    // What ModelPack's schema allows, and no more.
    server.objects(|objects| {
        let json = |name: &str| -> Json { serde_json::from_slice(&objects[&format!("models/churn/{name}")]).unwrap() };
        let manifest = json("manifests/3");
        let config = json(&format!("blobs/{}", manifest["config"]["digest"].as_str().unwrap()));
        let keys = |object: &Json| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&config), ["descriptor", "config", "modelfs"]);
        assert_eq!(keys(&config["descriptor"]), ["createdAt", "authors", "name", "version", "description"]);
        let layers: Vec<_> =
            manifest["layers"].as_array().unwrap().iter().map(|layer| layer["digest"].clone()).collect();
        assert_eq!((layers.len(), &config["modelfs"]["diffIds"]), (3, &Json::from(layers.clone())));
    });

    let alias = name("production");
    registry.set_alias(&model, &alias, Some(3), &change("better")).unwrap();
    assert_eq!(registry.rollback(&model, &alias, &change("worse")).unwrap().to, Some(1));
    assert!(matches!(registry.rollback(&model, &alias, &change("")), Err(Error::NoEarlier(_))));
    registry.set_alias(&model, &alias, None, &change("gone")).unwrap();
    assert!(matches!(registry.resolve(&model, &Selector::Alias(alias.clone())), Err(Error::NoAlias(_))));
    let history = registry.history(&model, &alias).unwrap();
    let moves: Vec<_> = history.iter().map(|entry| (entry.number, entry.from, entry.to, entry.rollback)).collect();
    let expected = [
        (1, None, Some(1), false),
        (2, Some(1), Some(3), false),
        (3, Some(3), Some(1), true),
        (4, Some(1), None, false),
    ];
    assert_eq!((&moves[..], history[2].why.as_deref()), (&expected[..], Some("worse")));
    let report = registry.verify().unwrap();
    assert_eq!((report.models, report.versions, report.changes, report.problems), (1, 3, 4, Vec::new()));
}

#[test]
fn no_change_without_a_single_writer() {
    let folder = Folder::new("oci-writers");
    let (server, registry) = server(&folder);
    let (model, alias) = (name("churn"), name("production"));
    let file = folder.file("model.skiff", b"three");
    let careful = Registry::open(&server.url()).unwrap();
    assert_eq!(careful.versions(&model).unwrap(), [1, 2]);
    server.requests();
    assert!(matches!(careful.push(&model, push_of(&file)), Err(Error::ManyWriters(_))));
    assert!(matches!(careful.set_alias(&model, &alias, Some(2), &change("")), Err(Error::ManyWriters(_))));
    assert!(matches!(careful.rollback(&model, &alias, &change("")), Err(Error::ManyWriters(_))));
    assert!(server.requests().is_empty(), "it is refused before anything is asked");
    for refused in [careful.collect(true).map(drop), Registry::init(&server.url(), Settings::default()).map(drop)] {
        assert!(matches!(refused, Err(Error::Unsupported(..))));
    }
    for refused in ["7", &"a".repeat(120)] {
        assert!(matches!(
            registry.set_alias(&model, &name(refused), Some(1), &change("")),
            Err(Error::Unsupported(..))
        ));
    }
    assert!(matches!(registry.push(&name("Churn"), push_of(&file)), Err(Error::Url(..))));
    // A folder keeps writers apart.
    let kept_apart = folder.init(60);
    kept_apart.check_writable(&model).unwrap();
    kept_apart.push(&model, push_of(&file)).unwrap();
}

#[test]
fn another_writer_is_noticed() {
    let folder = Folder::new("oci-noticed");
    let (server, registry) = server(&folder);
    let (model, alias) = (name("churn"), name("production"));
    // Between the write and the look.
    let file = folder.file("model.skiff", b"three");
    let other = server.objects(|objects| objects["models/churn/manifests/1"].clone());
    let looks = AtomicUsize::new(0);
    server.set_fault(move |request| {
        // First it is looked whether the tag is free.
        let is_after = gets(request, "/manifests/3") && looks.fetch_add(1, Ordering::Relaxed) > 0;
        is_after.then(|| Reply::new(200, other.clone()))
    });
    assert!(matches!(registry.push(&model, push_of(&file)), Err(Error::OtherWriter(_))));
    server.clear_fault();

    // Another program moves the tag: the history says so, and goes on.
    server.objects(|objects| {
        let second = objects["models/churn/manifests/2"].clone();
        objects.insert("models/churn/manifests/production".to_owned(), second);
    });
    let found = registry.current(&model, &alias).unwrap().unwrap();
    assert_eq!((found.from, found.to, found.by.name.as_str()), (Some(1), Some(2), "unknown"));
    let at = |version| AliasChange { expected: Expected::At(Some(version)), ..change("") };
    assert!(matches!(registry.set_alias(&model, &alias, Some(1), &at(1)), Err(Error::Moved { found: Some(2), .. })));
    registry.set_alias(&model, &alias, Some(1), &at(2)).unwrap();
    let history = registry.history(&model, &alias).unwrap();
    let moves: Vec<_> = history.iter().map(|entry| (entry.from, entry.to)).collect();
    assert_eq!(moves, [(None, Some(1)), (Some(1), Some(2)), (Some(2), Some(1))]);
    // Tags of images and other artifacts are not the registry's.
    server.objects(|objects| {
        let index = br#"{"schemaVersion": 2, "manifests": []}"#.to_vec();
        objects.insert("models/churn/manifests/latest".to_owned(), index);
    });
    assert_eq!(registry.aliases(&model).unwrap().len(), 1);
    assert!(matches!(registry.resolve(&model, &Selector::Alias(name("latest"))), Err(Error::NotAVersion(_))));
    assert_eq!(registry.verify().unwrap().problems, Vec::new());
}

#[test]
fn damage_is_found() {
    let folder = Folder::new("oci-damage");
    let (server, registry) = server(&folder);
    let model = name("churn");
    let version = registry.manifest(&model, 1).unwrap();
    let blob = format!("models/churn/blobs/{}", version.file.digest);
    let set = |content: &[u8]| server.objects(|objects| drop(objects.insert(blob.clone(), content.to_vec())));

    set(b"eno");
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Digest { .. })));
    assert_eq!(registry.verify().unwrap().problems.len(), 1);
    set(b"on");
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Digest { .. })));
    set(b"longer than it was");
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Damaged(..))));
    server.objects(|objects| objects.remove(&blob));
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Damaged(..))));
    assert!(!folder.0.join("out").exists(), "nothing of it is left");
    let problems = registry.verify().unwrap().problems;
    assert!(problems.len() == 1 && problems[0].what.contains("missing"), "{problems:?}");
    set(b"one");

    // The connection breaks.
    let end = version.file.digest.to_string();
    let cut = end.clone();
    server.set_fault(move |request| gets(request, &cut).then(|| Reply { length: Some(3), ..Reply::new(200, "on") }));
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Http(..))));
    // It goes on for ever.
    server.set_fault(move |request| gets(request, &end).then(|| Reply { length: None, ..Reply::new(200, "x") }));
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Damaged(..))));
    server.clear_fault();

    let with = |reply: fn() -> Reply| {
        server.set_fault(move |request| gets(request, "/manifests/1").then(reply));
        let result = registry.manifest(&model, 1).unwrap_err();
        server.clear_fault();
        result
    };
    // Manifests of any length are not read.
    let huge = || Reply { length: Some(1 << 40), ..Reply::new(200, "") };
    assert!(matches!(with(huge), Error::Damaged(..)));
    assert!(matches!(with(|| Reply { length: None, ..Reply::new(200, vec![b' '; 1 << 16]) }), Error::Damaged(..)));
    for text in ["", "[]", "{}", "{\"schemaVersion\": 2, \"layers\": [{\"digest\": \"../../etc\"}]}", "\u{0}"] {
        server.set_fault(move |request| gets(request, "/manifests/1").then(|| Reply::new(200, text)));
        let error = registry.manifest(&model, 1).unwrap_err();
        assert!(matches!(error, Error::Damaged(..) | Error::NotAVersion(_)), "{text}: {error}");
    }
    // Other bytes than the registry says.
    let other = || Reply::new(200, "{}").with("Docker-Content-Digest", format!("sha256:{}", "0".repeat(64)));
    assert!(matches!(with(other), Error::Digest { .. }));
    // The artifact of another version at the tag of a version.
    server.objects(|objects| {
        let second = objects["models/churn/manifests/2"].clone();
        objects.insert("models/churn/manifests/1".to_owned(), second);
    });
    let error = registry.manifest(&model, 1).unwrap_err();
    assert!(error.to_string().contains("found that of `churn:2`"), "{error}");
}

#[test]
fn what_registries_refuse() {
    let folder = Folder::new("oci-refused");
    let (server, registry) = server(&folder);
    let model = name("churn");
    assert!(matches!(registry.versions(&name("other")), Err(Error::NoModel(..))));
    assert!(matches!(registry.manifest(&model, 9), Err(Error::NoVersion(_))));
    assert!(matches!(registry.resolve(&model, &Selector::Alias(name("staging"))), Err(Error::NoAlias(_))));
    let absent = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    assert!(matches!(registry.resolve(&model, &Selector::Digest(absent)), Err(Error::NoVersion(_))));

    server.set_fault(|_| Some(Reply::new(500, r#"{"errors": [{"code": "DOWN", "message": "disk full"}]}"#)));
    let error = registry.manifest(&model, 1).unwrap_err();
    assert!(matches!(error, Error::Http(..)) && error.to_string().contains("DOWN disk full"), "{error}");
    server.set_fault(|_| Some(Reply::new(403, "")));
    assert!(matches!(registry.manifest(&model, 1), Err(Error::Denied(..))));
    assert!(matches!(registry.models(), Err(Error::Unsupported(..))), "most public registries list nothing");
    server.set_fault(|_| Some(Reply::new(401, "")));
    assert!(matches!(registry.manifest(&model, 1), Err(Error::Denied(..))));
    server.set_fault(|request| (request.method == "DELETE").then(|| Reply::new(405, "")));
    assert!(matches!(registry.set_alias(&model, &name("production"), None, &change("")), Err(Error::Unsupported(..))));
    assert_eq!(registry.resolve(&model, &Selector::Alias(name("production"))).unwrap().version, 1);

    // A busy registry is asked again.
    let left = AtomicUsize::new(2);
    server.set_fault(move |_| {
        let is_busy = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        is_busy.then(|| Reply::new(503, ""))
    });
    assert_eq!(registry.manifest(&model, 1).unwrap().version, 1);
    server.clear_fault();

    // Nobody listens.
    let begun = Instant::now();
    let nobody = Registry::open("oci://127.0.0.1:1/models").unwrap();
    assert!(matches!(nobody.manifest(&model, 1), Err(Error::Http(..))));
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn a_token_is_asked_for_and_stays_where_it_belongs() {
    let folder = Folder::new("oci-token");
    let (server, registry) = server(&folder);
    let storage = Server::new();
    let (realm, elsewhere) = (format!("http://127.0.0.1:{}/token", server.port), storage.port);
    let version = registry.manifest(&name("churn"), 1).unwrap();
    let blob = version.file.digest.to_string();
    let wanted = blob.clone();
    server.set_fault(move |request| {
        if request.path.starts_with("/token") {
            assert!(request.path.contains("service=here") && request.path.contains("scope=repository%3Achurn%3Apull"));
            return Some(Reply::new(200, r#"{"token": "secret"}"#));
        }
        if request.authorization.as_deref() != Some("Bearer secret") {
            let challenge = format!("Bearer realm=\"{realm}\",service=\"here\",scope=\"repository:churn:pull\"");
            return Some(Reply::new(401, "").with("WWW-Authenticate", challenge));
        }
        // Registries have their blobs in object stores.
        let location = format!("http://127.0.0.1:{elsewhere}/storage?signature=1");
        gets(request, &wanted).then(|| Reply::new(307, "").with("Location", location))
    });
    storage.set_fault(|_| Some(Reply::new(200, "one")));
    assert_eq!(fetched(&registry, &folder, &version).unwrap(), b"one");
    let requests = storage.requests();
    assert!(requests.len() == 1 && requests[0].authorization.is_none(), "{requests:?}");
    // What comes from there is verified as well.
    storage.set_fault(|_| Some(Reply::new(200, "eno")));
    assert!(matches!(fetched(&registry, &folder, &version), Err(Error::Digest { .. })));

    // A service without a token, and a circle.
    server.set_fault(|request| match request.path.starts_with("/token") {
        true => Some(Reply::new(200, "{}")),
        false => Some(Reply::new(401, "").with("WWW-Authenticate", "Bearer realm=\"/token\"")),
    });
    let error = registry.manifest(&name("churn"), 1).unwrap_err();
    assert!(matches!(error, Error::Denied(..)) && error.to_string().contains("without a token"), "{error}");
    server.set_fault(|request| Some(Reply::new(302, "").with("Location", request.path.clone())));
    assert!(matches!(registry.manifest(&name("churn"), 1), Err(Error::Http(..))));
}

#[test]
fn a_file_that_changes_while_it_is_pushed() {
    let folder = Folder::new("oci-changed");
    let (server, registry) = server(&folder);
    let file = folder.file("model.skiff", b"before");
    let path = file.clone();
    server.set_fault(move |request| {
        if request.method == "POST" {
            fs::write(&path, "after!").unwrap();
        }
        None
    });
    assert!(matches!(registry.push(&name("churn"), push_of(&file)), Err(Error::Changed(_))));
    assert_eq!(registry.versions(&name("churn")).unwrap(), [1, 2]);
}
