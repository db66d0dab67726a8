//! Who asks: user and password of a registry, and what its challenge wants of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use base64ct::{Base64, Encoding};
use serde::Deserialize;

/// The host that has the images of `docker.io`.
pub(super) const DOCKER_HUB: &str = "registry-1.docker.io";
/// The variables that hold them.
const USER: &str = "SKIFF_OCI_USER";
const PASSWORD: &str = "SKIFF_OCI_PASSWORD";
/// The largest file of settings that is read.
const MOST_SETTINGS: u64 = 1 << 20;

/// The header of a user and a password, from the environment or the files that `docker login`, `podman login`,
/// `skopeo login` and `oras login` write. Helpers that keep passwords elsewhere are programs, and are not run.
pub(super) fn basic(host: &str) -> Option<String> {
    let variable = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    if let (Some(user), Some(password)) = (variable(USER), variable(PASSWORD)) {
        return Some(header(&format!("{user}:{password}")));
    }
    files().into_iter().find_map(|path| {
        let size = fs::metadata(&path).ok()?.len();
        let text = if size > MOST_SETTINGS { return None } else { fs::read(&path).ok()? };
        from_settings(&text, host)
    })
}

fn header(pair: &str) -> String {
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}

/// Where the settings are, in the order in which they are asked.
fn files() -> Vec<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let places = [
        variable("REGISTRY_AUTH_FILE"),
        variable("DOCKER_CONFIG").map(|folder| folder.join("config.json")),
        variable("HOME").map(|folder| folder.join(".docker/config.json")),
        variable("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
    ];
    places.into_iter().flatten().collect()
}

/// What a file of settings has for a host.
fn from_settings(text: &[u8], host: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Settings {
        #[serde(default)]
        auths: BTreeMap<String, Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        auth: String,
    }
    let settings: Settings = serde_json::from_slice(text).ok()?;
    let is_host = |key: &str| {
        let key = key.trim_start_matches("https://").trim_start_matches("http://");
        let key = key.split('/').next().unwrap_or_default();
        key == host || (host == DOCKER_HUB && key == "index.docker.io")
    };
    let entry = settings.auths.iter().find(|(key, entry)| is_host(key) && !entry.auth.is_empty())?.1;
    let pair = Base64::decode_vec(&entry.auth).ok()?;
    Some(header(std::str::from_utf8(&pair).ok()?))
}

/// How a registry wants to be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With user and password.
    Basic,
    /// With a token from the service at `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

impl Challenge {
    /// Of the header `WWW-Authenticate`: `Bearer realm="https://…",service="…",scope="…"`.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, parameters) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut found = BTreeMap::new();
        let mut rest = parameters;
        while let Some((name, after)) = rest.split_once('=') {
            let name = name.trim().trim_start_matches(',').trim().to_ascii_lowercase();
            let value;
            (value, rest) = match after.strip_prefix('"') {
                // A scope has commas: `repository:churn:pull,push`.
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').unwrap_or((after, "")),
            };
            found.insert(name, value.to_owned());
        }
        let realm = found.remove("realm")?;
        Some(Self::Bearer { realm, service: found.remove("service"), scope: found.remove("scope") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let text =
            r#"Bearer realm="https://auth.example/token", service=registry.example,scope="repository:a/b:pull,push""#;
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        };
        let expected = bearer("https://auth.example/token", Some("registry.example"), Some("repository:a/b:pull,push"));
        assert_eq!(Challenge::parse(text), Some(expected));
        assert_eq!(Challenge::parse("bearer realm=\"r\""), Some(bearer("r", None, None)));
        assert_eq!(Challenge::parse("Basic realm=\"x\""), Some(Challenge::Basic));
        for wrong in ["", "Negotiate", "Bearer", "Bearer service=\"x\"", "Bearer realm=\"x"] {
            assert_eq!(Challenge::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn settings_of_docker_are_read() {
        let text = br#"{"auths": {"ghcr.io": {"auth": "YWRhOnNlY3JldA=="}, "localhost:5000": {},
            "https://index.docker.io/v1/": {"auth": "aHViOnB3"}, "bad.example": {"auth": "!"}}, "credsStore": "x"}"#;
        assert_eq!(from_settings(text, "ghcr.io"), Some("Basic YWRhOnNlY3JldA==".to_owned()));
        assert_eq!(from_settings(text, DOCKER_HUB), Some("Basic aHViOnB3".to_owned()));
        for host in ["localhost:5000", "bad.example", "evil-ghcr.io", "io"] {
            assert_eq!(from_settings(text, host), None, "{host}");
        }
        assert_eq!(from_settings(b"{", "ghcr.io"), None);
    }
}
