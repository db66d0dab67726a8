//! A Kubernetes manifest and a systemd unit.

use std::path::Path;

use super::Served;
use crate::report::Failure;

/// Where the server says that it can answer.
pub const READY: &str = "/v2/health/ready";
/// Where the server says that it runs.
const LIVE: &str = "/v2/health/live";

/// A deployment and a service, as YAML.
pub fn kubernetes(served: &Served<'_>) -> String {
    // Names in Kubernetes have no capitals, dots or underscores.
    let name: String = served
        .name
        .chars()
        .map(|character| match character {
            '.' | '_' => '-',
            other => other.to_ascii_lowercase(),
        })
        .collect();
    let name = name.trim_end_matches('-');
    let (image, port) = (served.tag.unwrap_or_default(), served.port);
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: \"{name}\"
spec:
  replicas: 1
  selector:
    matchLabels:
      app: \"{name}\"
  template:
    metadata:
      labels:
        app: \"{name}\"
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
      - name: skiff
        image: \"{image}\"
        ports:
        - containerPort: {port}
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
        livenessProbe:
          httpGet:
            path: {LIVE}
            port: {port}
        readinessProbe:
          httpGet:
            path: {READY}
            port: {port}
---
apiVersion: v1
kind: Service
metadata:
  name: \"{name}\"
spec:
  selector:
    app: \"{name}\"
  ports:
  - port: 80
    targetPort: {port}
"
    )
}

/// A unit that runs as a user of its own, who may only read.
pub fn systemd(served: &Served<'_>) -> Result<String, Failure> {
    let (binary, model) = (path(&served.binary)?, path(served.model)?);
    let (name, port) = (&served.name, served.port);
    Ok(format!(
        "\
[Unit]
Description=skiff serve {name}
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=\"{binary}\" serve \"{name}={model}\" --http 0.0.0.0:{port}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
DynamicUser=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
MemoryDenyWriteExecute=yes
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"
    ))
}

/// An absolute path as units write it.
fn path(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path).map_err(|error| Failure::unreadable(path, error))?;
    let text = whole
        .to_str()
        .filter(|text| !text.chars().any(|character| character.is_control() || "\"\\'$".contains(character)));
    let text = text.ok_or_else(|| Failure::data(path, "the path has characters that a unit cannot have"))?;
    Ok(text.replace('%', "%%"))
}
