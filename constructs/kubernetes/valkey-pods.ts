import { Bytes } from '@penstock/model';
import { k8s } from 'cdk8s-plus-28';
import type { ImageReference } from './image.ts';
import { byteQuantity, quantity, resourceRequirements } from './lowering.ts';
import { spreadApart } from './placement.ts';
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from './pod-security.ts';
import { VALKEY_DATA, VALKEY_PORTS, VALKEY_USERS } from './valkey-config.ts';
import { PROBE_USER } from './valkey-users.ts';

export interface ValkeyPodsProps {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly servers: number;
  readonly images: { readonly server: ImageReference; readonly exporter?: ImageReference };
  readonly resources: { readonly cpu: number; readonly memory: Bytes };
  /** Changes with the configuration and the users, so that a changed one rolls out. */
  readonly configFingerprint: string;
  /** Whether the pod has a claim of its own for its data. */
  readonly isDurable: boolean;
  /** Secret of its users' file. */
  readonly usersSecret: string;
  readonly tls?: { readonly secret: string; readonly folder: string };
}

const CONFIG_FOLDER = '/etc/valkey';
/** For logs; a cache writes nothing, and a durable server to its claim. */
const SCRATCH = Bytes.parse('64 MiB');
const EXPORTER_RESOURCES = { cpu: 0.01, memory: Bytes.parse('64 MiB'), ephemeralStorage: SCRATCH };
/** For the endpoint to leave every client before the process hears SIGTERM. */
const ENDPOINT_REMOVAL_SECONDS = 3;
/** The rest is for the last write of the log. */
const TERMINATION_GRACE_SECONDS = 30;
/** A log of many gigabytes is read before the server answers: half an hour. */
const STARTUP_PERIODS = 180;
const PERIOD_SECONDS = 10;

/** A server and, if there is one, its exporter; passes the restricted Pod Security Standard. */
export function valkeyPods(props: ValkeyPodsProps): unknown {
  const { name, labels, tls, images } = props;
  const pod = k8s.toJson_PodSpec({
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: TERMINATION_GRACE_SECONDS,
    securityContext: RESTRICTED_POD,
    ...(props.servers > 1 ? spreadApart(labels) : {}),
    containers: [],
    volumes: [
      { name: 'config', configMap: { name: `${name}-config` } },
      { name: 'users', secret: { secretName: props.usersSecret, defaultMode: 0o440 } },
      ...(props.isDurable ? [] : [{ name: 'data', emptyDir: { sizeLimit: quantity(byteQuantity(SCRATCH)) } }]),
      ...(tls === undefined ? [] : [{ name: 'tls', secret: { secretName: tls.secret, defaultMode: 0o440 } }]),
    ],
  });
  return {
    metadata: { labels, annotations: { 'penstock.dev/config-fingerprint': props.configFingerprint } },
    spec: {
      ...pod,
      containers: [
        {
          ...k8s.toJson_Container(server(props)),
          // The kubelet sleeps; newer than the generated types.
          lifecycle: { preStop: { sleep: { seconds: ENDPOINT_REMOVAL_SECONDS } } },
        },
        ...(images.exporter === undefined ? [] : [k8s.toJson_Container(exporter(images.exporter, tls !== undefined))]),
      ],
    },
  };
}

function server({ images, resources, tls }: ValkeyPodsProps): k8s.Container {
  // Over the loopback, where no certificate is for; the user has no password, and the client wants one.
  const client = `valkey-cli${tls === undefined ? '' : ' --tls --insecure'} --user ${PROBE_USER} --pass none --no-auth-warning`;
  const ask = (command: string, failureThreshold: number): k8s.Probe => ({
    exec: { command: ['sh', '-c', command] },
    periodSeconds: PERIOD_SECONDS,
    timeoutSeconds: 5,
    failureThreshold,
  });
  // An error, as while it reads its log, is no answer for who waits for it, and is one for whether it lives.
  const ready = `${client} -e ping`;
  const alive = `${client} ping | grep -q .`;
  return {
    name: 'valkey',
    image: images.server.text,
    imagePullPolicy: 'IfNotPresent',
    command: ['valkey-server'],
    args: [`${CONFIG_FOLDER}/valkey.conf`],
    ports: [{ name: 'client', containerPort: VALKEY_PORTS.client }],
    resources: resourceRequirements({ ...resources, ephemeralStorage: SCRATCH.times(2) }),
    securityContext: RESTRICTED_CONTAINER,
    startupProbe: ask(ready, STARTUP_PERIODS),
    readinessProbe: ask(ready, 2),
    livenessProbe: ask(alive, 6),
    volumeMounts: [
      { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
      { name: 'users', mountPath: VALKEY_USERS.replace(/\/[^/]+$/, ''), readOnly: true },
      { name: 'data', mountPath: VALKEY_DATA },
      ...(tls === undefined ? [] : [{ name: 'tls', mountPath: tls.folder, readOnly: true }]),
    ],
  };
}

function exporter(image: ImageReference, tls: boolean): k8s.Container {
  const port = k8s.IntOrString.fromString('metrics');
  return {
    name: 'exporter',
    image: image.text,
    imagePullPolicy: 'IfNotPresent',
    args: [
      `--redis.addr=${tls ? 'rediss' : 'redis'}://127.0.0.1:${VALKEY_PORTS.client}`,
      `--redis.user=${PROBE_USER}`,
      '--redis.password=none',
      // It may not, and need not, read the configuration.
      '--config-command=-',
      ...(tls ? ['--skip-tls-verification=true'] : []),
    ],
    ports: [{ name: 'metrics', containerPort: VALKEY_PORTS.metrics }],
    resources: resourceRequirements(EXPORTER_RESOURCES),
    securityContext: RESTRICTED_CONTAINER,
    readinessProbe: { tcpSocket: { port }, periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 },
  };
}
