import { maxStaleMsOf } from '../document/max-stale.ts';
import { UserError } from '../errors.ts';
import { flagName, list, text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { isLoopbackHost } from '../listen/address.ts';

/** Documents of a control plane, in place of those of a folder. */
export const controlFlags = {
  control: list(
    [],
    'URL',
    'enforce the documents of this control plane, and not those of --policies; repeatable: the first that answers is followed',
    controlUrl,
  ),
  controlTokenFile: text(
    undefined,
    'FILE',
    'token with which this sidecar joins the control plane, for a credential of its own (in --cache-dir); or the token of Kubernetes that the kubelet renews in its pod',
  ),
  controlClientCert: text(
    undefined,
    'FILE',
    'PEM certificate chain that this sidecar shows the control plane, such as its SPIFFE identity; read again when it changes',
  ),
  controlClientKey: text(undefined, 'FILE', 'PEM key of --control-client-cert'),
  controlCa: text(undefined, 'FILE', 'PEM authorities of the control plane; the default: those that Node.js knows'),
  cacheDir: text(
    undefined,
    'DIR',
    "keep the control plane's documents here, for a start while it is down; the folder is made, for our user alone",
  ),
  cacheKeyFile: text(undefined, 'FILE', 'encrypt what is kept in --cache-dir with this key: 64 hexadecimal digits'),
  maxStale: text(
    'keep',
    'keep|DURATION',
    'how long documents are enforced after the control plane was last heard; then every request is denied (503); of an API alone: maxStale in its document',
    staleness,
  ),
  controlSnapshot: text(
    undefined,
    'FILE',
    'enforce the documents of this signed file (ostiary snapshot export), with no control plane; followed when it is replaced',
  ),
  controlSnapshotKey: text(undefined, 'FILE', 'public key of the control plane that signs --control-snapshot, in PEM'),
  allowOlderSnapshot: toggle('take a --control-snapshot too that is older than what is in force, or of another log'),
  allowEnv: list(
    [],
    'NAME[,NAME]',
    'environment variables of this process that documents of the control plane may read; repeatable',
    variableNames,
  ),
  secretsDir: text(undefined, 'DIR', 'folder of the files that documents of the control plane may name, and no others'),
  labels: list([], 'NAME=VALUE', 'what the control plane shows of this sidecar, such as zone=eu-1; repeatable', label),
};

function controlUrl(given: string): string | undefined {
  const url = URL.parse(given);
  const isBare = url !== null && url.username === '' && url.password === '' && /^\/?$/.test(url.pathname + url.search);
  if (isBare && url.protocol === 'https:') return undefined;
  if (!isBare || url.protocol !== 'http:') return 'expected a URL such as https://control.example.com:9195';
  if (isLoopbackHost(url.hostname.replace(/^\[|\]$/g, ''))) return undefined;
  return 'plain http:// is for loopback alone: documents and credentials travel on it; use https://';
}

function staleness(given: string): string | undefined {
  return staleMsOf(given) === undefined
    ? 'expected keep, or a duration of at least 15s such as 90s, 1h or 7d'
    : undefined;
}

/** @returns 0: for ever; undefined: it is no duration */
export function staleMsOf(given: string): number | undefined {
  return given === 'keep' ? 0 : maxStaleMsOf(given);
}

function variableNames(given: string): string | undefined {
  const isList = given.split(',').every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return isList ? undefined : 'expected names of environment variables, such as LDAP_PASSWORD,HOOK_URL';
}

function label(given: string): string | undefined {
  return /^[^=\s]+=[^=]*$/.test(given) ? undefined : 'expected a name and a value, such as zone=eu-1';
}

export function labelsOf(given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(given.map((each) => each.split('=') as [string, string]));
}

type ControlFlags = FlagValues<typeof controlFlags>;

/** Whether documents are those of a control plane, and not those of a folder. */
export function followsControl({
  control,
  controlSnapshot,
}: Pick<ControlFlags, 'control' | 'controlSnapshot'>): boolean {
  return control.length > 0 || controlSnapshot !== undefined;
}

const OF_STREAM = ['controlTokenFile', 'controlClientCert', 'controlClientKey', 'controlCa', 'labels'];
const OF_SNAPSHOT = ['controlSnapshotKey', 'allowOlderSnapshot'];
const OF_BOTH = ['cacheDir', 'maxStale', 'allowEnv', 'secretsDir'];

/** @throws UserError (exit 2) for flags that contradict each other, or have an effect only with others */
export function refuseWithoutControl(given: ReadonlySet<string>, flags: ControlFlags): void {
  const { control, controlSnapshot, controlSnapshotKey } = flags;
  if (control.length > 0 && controlSnapshot !== undefined)
    throw new UserError('--control and --control-snapshot contradict each other: give one of them', 2);
  if (controlSnapshot !== undefined && controlSnapshotKey === undefined)
    throw new UserError('--control-snapshot needs --control-snapshot-key FILE, as ostiary snapshot key prints it', 2);
  const refuse = (keys: readonly string[], without: string): void => {
    for (const key of keys)
      if (given.has(key)) throw new UserError(`--${flagName(key)} has no effect without ${without}`, 2);
  };
  if (control.length === 0) refuse(OF_STREAM, '--control');
  if (controlSnapshot === undefined) refuse(OF_SNAPSHOT, '--control-snapshot');
  if (!followsControl(flags)) refuse(OF_BOTH, '--control');
}
