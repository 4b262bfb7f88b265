#!/usr/bin/env bash
# Starts and stops a Kubernetes control plane on the loopback from what build.sh has built. Needs no root, no container
# engine and no network; python3, openssl and curl.
#
#   cluster.sh start <build folder> <state folder> [options]   prints the path of the kubeconfig
#       --nodes=C,G   C nodes without and G nodes with GPUs, all fake: pods run to ready, jobs complete (default none)
#       --gpus=N      nvidia.com/gpu on each GPU node (default 8)
#       --pvs=N       N volumes of 1 TiB and a default storage class "standard", so that claims bind (default 0)
#       --keda        KEDA: definitions, operator, external metrics, admission webhooks
#       --fast        the autoscaler looks every second and scales down after 10 s
#   cluster.sh kubectl <build folder> <state folder> <arguments>
#   cluster.sh stop <state folder>                             ends what start started, by process id, and removes it
set -euo pipefail

die() {
  echo "cluster.sh: $*" >&2
  exit 1
}

free_ports() { # n distinct free loopback ports
  python3 - "$1" <<'PY'
import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for x in s: x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])
PY
}

run() { # name command...: in the background, log and pid under STATE
  local name=$1; shift
  setsid "$@" </dev/null >"$STATE/log/$name.log" 2>&1 &
  echo $! > "$STATE/pid/$name"
}

wait_for() { # seconds name command...
  local n=$(( $1 * 10 )) name=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    n=$((n - 1))
    if [ $n -le 0 ]; then tail -n 15 "$STATE/log/$name.log" >&2; die "$name did not become ready (log: $STATE/log/$name.log)"; fi
    if [ -f "$STATE/pid/$name" ] && ! kill -0 "$(cat "$STATE/pid/$name")" 2>/dev/null; then
      tail -n 15 "$STATE/log/$name.log" >&2; die "$name ended (log: $STATE/log/$name.log)"
    fi
    sleep 0.1
  done
}

ca() { # name: a certificate authority
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$1" \
    -keyout "$STATE/pki/$1.key" -out "$STATE/pki/$1.crt" 2>/dev/null
}
cert() { # authority name subject usage san
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" -keyout "$STATE/pki/$2.key" -out "$STATE/pki/$2.csr" 2>/dev/null
  openssl x509 -req -in "$STATE/pki/$2.csr" -CA "$STATE/pki/$1.crt" -CAkey "$STATE/pki/$1.key" -CAcreateserial -days 3650 \
    -extfile <(printf 'extendedKeyUsage=%s\n' "$4"; [ -z "$5" ] || printf 'subjectAltName=%s\n' "$5") -out "$STATE/pki/$2.crt" 2>/dev/null
  rm -f "$STATE/pki/$2.csr"
}

k() { "$CACHE/kubebox" kubectl --kubeconfig "$STATE/kubeconfig" "$@"; }

node_yaml() { # name gpus
  cat <<Y
---
apiVersion: v1
kind: Node
metadata:
  name: $1
  annotations: {kwok.x-k8s.io/node: fake}
  labels:
    kubernetes.io/hostname: $1
    kubernetes.io/os: linux
    kubernetes.io/arch: amd64
    topology.kubernetes.io/region: local
    topology.kubernetes.io/zone: local-$3
Y
  if [ "$2" -gt 0 ]; then cat <<Y
    nvidia.com/gpu.present: "true"
    nvidia.com/gpu.product: NVIDIA-L4
    cloud.google.com/gke-accelerator: nvidia-l4
    karpenter.k8s.aws/instance-gpu-name: l4
spec:
  taints: [{key: nvidia.com/gpu, value: present, effect: NoSchedule}]
Y
  fi
  local r="cpu: \"64\", memory: 256Gi, ephemeral-storage: 1Ti, pods: \"250\""
  [ "$2" -gt 0 ] && r="$r, nvidia.com/gpu: \"$2\""
  printf 'status:\n  capacity: {%s}\n  allocatable: {%s}\n' "$r" "$r"
}

cmd_start() {
  [ $# -ge 2 ] || die "start <build folder> <state folder> [options]"
  [ -d "$1" ] || die "no folder $1: run build.sh first"
  CACHE=$(cd "$1" && pwd); mkdir -p "$2"; STATE=$(cd "$2" && pwd); shift 2
  local cpu=0 gpu=0 gpus=8 pvs=0 keda=0 fast=0 a
  for a in "$@"; do case $a in
    --nodes=*) a=${a#*=}; cpu=${a%,*} gpu=${a#*,} ;;
    --gpus=*) gpus=${a#*=} ;;
    --pvs=*) pvs=${a#*=} ;;
    --keda) keda=1 ;;
    --fast) fast=1 ;;
    *) die "unknown option $a" ;;
  esac; done
  [ -x "$CACHE/kubebox" ] || die "nothing is built in $CACHE: run build.sh first"
  if [ -d "$STATE/pid" ]; then local p; for p in "$STATE"/pid/*; do
    if [ -f "$p" ] && kill -0 "$(cat "$p")" 2>/dev/null; then die "already running in this state folder"; fi
  done; fi
  rm -rf "${STATE:?}/pid" "$STATE/etcd" "$STATE/pki" "$STATE/log"; mkdir -p "$STATE/pid" "$STATE/log" "$STATE/pki"
  trap 'st=$?; trap - EXIT; if [ $st != 0 ]; then cmd_stop "$STATE" || true; fi; exit $st' EXIT
  local P; read -ra P <<<"$(free_ports 14)"
  local etcd=http://127.0.0.1:${P[0]} api_url=https://127.0.0.1:${P[2]} token
  token=$(openssl rand -hex 16)

  ca ca; ca front-proxy-ca
  cert ca apiserver "/CN=kube-apiserver" serverAuth "IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  cert front-proxy-ca front-proxy-client "/CN=front-proxy-client" clientAuth ""
  openssl genrsa -out "$STATE/pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$STATE/pki/sa.key" -pubout -out "$STATE/pki/sa.pub" 2>/dev/null
  (umask 077; printf '%s,admin,admin,"system:masters"\n' "$token" > "$STATE/pki/tokens.csv"
  cat > "$STATE/kubeconfig" <<Y
apiVersion: v1
kind: Config
clusters: [{name: local, cluster: {server: "$api_url", certificate-authority: "$STATE/pki/ca.crt"}}]
users: [{name: admin, user: {token: $token}}]
contexts: [{name: local, context: {cluster: local, user: admin}}]
current-context: local
Y
  )

  run etcd "$CACHE/kubebox" etcd --data-dir "$STATE/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" --listen-peer-urls "http://127.0.0.1:${P[1]}" \
    --initial-advertise-peer-urls "http://127.0.0.1:${P[1]}" --initial-cluster "default=http://127.0.0.1:${P[1]}"
  # The "kubernetes" Service gets no endpoints: they may not be loopback addresses.
  run kube-apiserver "$CACHE/kubebox" kube-apiserver --etcd-servers "$etcd" --bind-address 127.0.0.1 --advertise-address 127.0.0.1 \
    --secure-port "${P[2]}" --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC \
    --token-auth-file "$STATE/pki/tokens.csv" --client-ca-file "$STATE/pki/ca.crt" --allow-privileged \
    --tls-cert-file "$STATE/pki/apiserver.crt" --tls-private-key-file "$STATE/pki/apiserver.key" \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$STATE/pki/sa.pub" \
    --service-account-signing-key-file "$STATE/pki/sa.key" \
    --requestheader-client-ca-file "$STATE/pki/front-proxy-ca.crt" --requestheader-allowed-names front-proxy-client \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file "$STATE/pki/front-proxy-client.crt" --proxy-client-key-file "$STATE/pki/front-proxy-client.key"
  wait_for 60 kube-apiserver k get --raw /readyz

  local hpa=(); [ "$fast" = 0 ] || hpa=(--horizontal-pod-autoscaler-sync-period=1s --horizontal-pod-autoscaler-downscale-stabilization=10s)
  run kube-controller-manager "$CACHE/kubebox" kube-controller-manager --kubeconfig "$STATE/kubeconfig" --bind-address 127.0.0.1 \
    --secure-port "${P[3]}" --leader-elect=false --service-account-private-key-file "$STATE/pki/sa.key" --root-ca-file "$STATE/pki/ca.crt" \
    --authentication-kubeconfig "$STATE/kubeconfig" --authorization-kubeconfig "$STATE/kubeconfig" "${hpa[@]}"
  run kube-scheduler "$CACHE/kubebox" kube-scheduler --kubeconfig "$STATE/kubeconfig" --bind-address 127.0.0.1 --secure-port "${P[4]}" \
    --leader-elect=false --authentication-kubeconfig "$STATE/kubeconfig" --authorization-kubeconfig "$STATE/kubeconfig"
  wait_for 60 kube-controller-manager k get serviceaccount default

  if [ "$((cpu + gpu))" -gt 0 ]; then
    run kwok "$CACHE/kwok" --kubeconfig "$STATE/kubeconfig" --config "$CACHE/kwok-stages.yaml" --manage-all-nodes=true --node-lease-duration-seconds 40 \
      --server-address "127.0.0.1:${P[5]}" --cidr 10.0.0.0/16 --node-ip 10.1.0.1
    local i
    { for ((i = 0; i < cpu; i++)); do node_yaml "cpu-$i" 0 $((i % 3)); done
      for ((i = 0; i < gpu; i++)); do node_yaml "gpu-$i" "$gpus" $((i % 3)); done; } | k apply --server-side -f - >&2
    wait_for 60 kwok k wait --for=condition=Ready node --all --timeout=1s
  fi
  if [ "$pvs" -gt 0 ]; then
    { cat <<Y
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: standard, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: kubernetes.io/no-provisioner
Y
      for ((i = 0; i < pvs; i++)); do cat <<Y
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: fake-$i}
spec: {capacity: {storage: 1Ti}, accessModes: [ReadWriteOnce, ReadWriteMany], storageClassName: standard, hostPath: {path: /nonexistent/$i}}
Y
      done; } | k apply --server-side -f - >&2
  fi
  [ "$keda" = 0 ] || start_keda "${P[@]:6}"
  echo "$STATE/kubeconfig"
}

start_keda() { # eight ports
  local d=$STATE/keda; rm -rf "$d"; mkdir -p "$d"
  cert ca keda "/CN=keda-operator" serverAuth,clientAuth \
    "DNS:localhost,IP:127.0.0.1,DNS:keda-operator,DNS:keda-metrics-apiserver.keda.svc,DNS:keda-admission-webhooks.keda.svc"
  cp "$STATE/pki/ca.crt" "$d/ca.crt"; cp "$STATE/pki/keda.crt" "$d/tls.crt"; cp "$STATE/pki/keda.key" "$d/tls.key"
  k apply --server-side -f "$CACHE/keda-crds" >&2
  k create namespace keda >&2
  k wait --for=condition=Established crd --all --timeout=30s >/dev/null
  local env=(env "KUBECONFIG=$STATE/kubeconfig" POD_NAMESPACE=keda KEDA_CLUSTER_OBJECT_NAMESPACE=keda WATCH_NAMESPACE=)
  run keda-operator "${env[@]}" "$CACHE/keda-operator" --metrics-bind-address "127.0.0.1:$1" --health-probe-bind-address "127.0.0.1:$2" \
    --metrics-service-bind-address "127.0.0.1:$3" --cert-dir "$d" --enable-cert-rotation=false --zap-encoder=console --zap-time-encoding=rfc3339
  run keda-adapter "${env[@]}" "$CACHE/keda-adapter" --secure-port "$4" --bind-address 127.0.0.1 --port "$5" \
    --metrics-service-address "localhost:$3" --cert-dir "$d" --client-ca-file "$d/ca.crt" --tls-cert-file "$d/tls.crt" --tls-private-key-file "$d/tls.key" \
    --lister-kubeconfig "$STATE/kubeconfig" --authentication-kubeconfig "$STATE/kubeconfig" --authorization-kubeconfig "$STATE/kubeconfig"
  run keda-webhooks "${env[@]}" "$CACHE/keda-webhooks" --metrics-bind-address "127.0.0.1:$6" --health-probe-bind-address "127.0.0.1:$7" \
    --port "$8" --cert-dir "$d"
  # The API server reaches the adapter through a Service of type ExternalName: "localhost" and the adapter's own port.
  local ca64; ca64=$(base64 -w0 < "$d/ca.crt")
  k apply --server-side -f - >&2 <<Y
apiVersion: v1
kind: Service
metadata: {name: keda-metrics-apiserver, namespace: keda}
spec: {type: ExternalName, externalName: localhost, ports: [{name: https, port: $4}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: $ca64
  service: {name: keda-metrics-apiserver, namespace: keda, port: $4}
Y
  # Upstream's webhook registration, pointed at the local process and made binding (upstream: failurePolicy Ignore).
  python3 - "$CACHE/keda-validation-webhooks.yaml" "https://localhost:$8" "$ca64" <<'PY' > "$d/webhooks.yaml"
import re, sys
text, url, ca = open(sys.argv[1]).read(), sys.argv[2], sys.argv[3]
text = re.sub(r"    service:\n      name: \S+\n      namespace: \S+\n      path: (\S+)\n", lambda m: f"    url: {url}{m[1]}\n    caBundle: {ca}\n", text)
print(text.replace("failurePolicy: Ignore", "failurePolicy: Fail"), end="")
PY
  wait_for 90 keda-operator curl -fsS "http://127.0.0.1:$2/readyz"
  wait_for 60 keda-webhooks bash -c "exec 3<>/dev/tcp/127.0.0.1/$8"
  k apply --server-side -f "$d/webhooks.yaml" >&2
  wait_for 60 keda-adapter k wait --for=condition=Available apiservice/v1beta1.external.metrics.k8s.io --timeout=1s
}

stop_some() { # state name...: TERM, then KILL after 2 s (nothing in STATE outlives its control plane)
  local s=$1 n pid live=() i; shift
  for n in "$@"; do
    [ -f "$s/pid/$n" ] || continue
    pid=$(cat "$s/pid/$n"); rm -f "$s/pid/$n"
    # Every command line names its state folder: a process id that was given to another program since is left alone.
    { tr '\0' ' ' < "/proc/$pid/cmdline"; } 2>/dev/null | grep -qF "$s/" || continue
    kill -TERM "$pid" 2>/dev/null && live+=("$pid")
  done
  for ((i = 0; i < 20 && ${#live[@]} > 0; i++)); do
    local left=(); for pid in "${live[@]}"; do if kill -0 "$pid" 2>/dev/null; then left+=("$pid"); fi; done
    live=("${left[@]}"); [ ${#live[@]} = 0 ] || sleep 0.1
  done
  [ ${#live[@]} = 0 ] || kill -KILL "${live[@]}" 2>/dev/null || true
}

cmd_stop() {
  [ $# -ge 1 ] || die "stop <state folder>"
  local s
  [ -d "$1" ] || return 0
  s=$(cd "$1" && pwd)
  stop_some "$s" keda-webhooks keda-adapter keda-operator kwok kube-scheduler kube-controller-manager
  stop_some "$s" kube-apiserver
  stop_some "$s" etcd
  rm -rf "${s:?}"
}

command=${1:-}
[ $# = 0 ] || shift
case $command in
  start) cmd_start "$@" ;;
  stop) cmd_stop "$@" ;;
  kubectl)
    CACHE=$1 STATE=$2
    shift 2
    k "$@"
    ;;
  *)
    sed -n '5,14s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
