import { partOf, partsOf, textOf } from '../../generate/envoy-value.ts';
import { certificatesIn, fitsKey, hasName, isSignedBy, namesOf } from '../certificate.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { placeIn } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { decodedOf } from '../secret.ts';
import { flagOf, ostiaryContainersOf, servicesOf, templateOf, workloadsOf } from '../workload.ts';
import type { Workload } from '../workload.ts';
import { findResource } from '../world.ts';
import type { World } from '../world.ts';

const DAY_MS = 86_400_000;
/** Renewal is a matter of people or cert-manager: two weeks, or the last quarter of a short life. */
const SOON_MS = 14 * DAY_MS;
/** More than what a network and a Date header of whole seconds make up. */
const CLOCK_MS = 3000;
/** Of ostiary's own metrics. */
const NOT_AFTER = 'ostiary_tls_certificate_not_after_timestamp_seconds';

interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

export function* certificateChecks(world: World): Generator<Finding> {
  for (const { place, names, expectedNames, ...validity } of world.certificates) {
    yield* validityOf(validity, place, world.now, 'renew it, and reload or restart whoever presents it');
    if (expectedNames === undefined || expectedNames.some((host) => hasName(names, host))) continue;
    yield named(place, names, expectedNames);
  }
  for (const { name, metrics } of world.services) {
    for (const { labels, value } of metrics.filter((each) => each.name === NOT_AFTER)) {
      const place = {
        object: `ostiary ${name}`,
        field: `certificate of --${labels['listener'] === 'grpc' ? '' : `${labels['listener'] ?? ''}-`}listen`,
      };
      // When it began is not told: two weeks are soon.
      yield* validityOf(
        { notBefore: 0, notAfter: value * 1000 },
        place,
        world.now,
        'renew the files of --tls-cert and --tls-key: ostiary follows them',
      );
    }
  }
  const told = new Set<Resource>();
  for (const workload of [...workloadsOf(world), ...world.resources.flatMap((each) => templateOf(each) ?? [])]) {
    for (const { secret, expected } of secretsOf(world, workload)) {
      if (told.has(secret)) continue;
      told.add(secret);
      yield* ofSecret(world, secret, expected);
    }
  }
}

export function* clockChecks(world: World): Generator<Finding> {
  const states = [
    ...world.redis.map(({ name, clockOffsetMs }) => ({ object: `Redis ${name}`, clockOffsetMs })),
    ...world.services.map(({ name, clockOffsetMs }) => ({ object: `ostiary ${name}`, clockOffsetMs })),
  ];
  for (const { object, clockOffsetMs = 0 } of states) {
    if (Math.abs(clockOffsetMs) < CLOCK_MS) continue;
    const direction = clockOffsetMs > 0 ? 'ahead of' : 'behind';
    const message = `its clock is ${(Math.abs(clockOffsetMs) / 1000).toFixed(0)} s ${direction} this machine's: windows of quota and the times in tokens are read wrongly`;
    yield finding(
      'OST501',
      { object, field: 'clock' },
      message,
      'timedatectl set-ntp true  # on both machines, then: chronyc tracking',
    );
  }
}

/** The TLS Secrets that ostiary's pods mount, and one of whose names they need. */
function secretsOf(world: World, workload: Workload): readonly { secret: Resource; expected: readonly string[] }[] {
  const containers = ostiaryContainersOf(workload).concat(
    partsOf(workload.pod, 'containers').filter((each) => flagOf(each, 'control-tls-cert') !== undefined),
  );
  if (containers.length === 0) return [];
  const hosts = servicesOf(world, workload).flatMap(({ name, namespace }) => [
    `${name}.${namespace}.svc.cluster.local`,
    `${name}.${namespace}.svc`,
    `${name}.${namespace}`,
    name,
  ]);
  return partsOf(workload.pod, 'volumes').flatMap((volume) => {
    const name = textOf(partOf(volume, 'secret'), 'secretName');
    const secret = name === '' ? undefined : findResource(world, 'Secret', workload.namespace, name);
    if (secret === undefined || decodedOf(secret, 'tls.crt') === undefined) return [];
    return [{ secret, expected: hosts }];
  });
}

function* ofSecret(world: World, secret: Resource, expected: readonly string[]): Generator<Finding> {
  const { name, namespace } = secret;
  const at = (key: string): Place => placeIn(secret, [partOf(secret.root, 'data') ? 'data' : 'stringData', key]);
  const show = `kubectl -n ${namespace} get secret ${name} -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -dates -ext subjectAltName`;
  const renew = `${show}\ncmctl renew -n ${namespace} ${name}  # where cert-manager makes it`;
  const chain = certificatesIn(decodedOf(secret, 'tls.crt') ?? '');
  const [leaf] = chain ?? [];
  if (chain === undefined || leaf === undefined) {
    const message = 'tls.crt holds no certificate in PEM';
    yield finding('OST506', at('tls.crt'), message, renew);
    return;
  }
  const validity = { notBefore: leaf.validFromDate.getTime(), notAfter: leaf.validToDate.getTime() };
  yield* validityOf(validity, at('tls.crt'), world.now, renew);
  if (expected.length > 0 && !expected.some((host) => hasName(namesOf(leaf), host)))
    yield named(at('tls.crt'), namesOf(leaf), expected);
  const key = decodedOf(secret, 'tls.key');
  if (key !== undefined && !fitsKey(leaf, key)) {
    const message = 'tls.key is not the key of the certificate in tls.crt: ostiary can not serve with them';
    yield finding('OST506', at('tls.key'), message, renew);
  }
  const authorities = certificatesIn(decodedOf(secret, 'ca.crt') ?? '');
  if (authorities !== undefined && !isSignedBy(chain, authorities)) {
    const message = 'no authority in ca.crt has signed the certificate in tls.crt: whoever trusts ca.crt refuses it';
    yield finding('OST505', at('ca.crt'), message, renew);
  }
}

function* validityOf({ notBefore, notAfter }: Validity, place: Place, now: number, remedy: string) {
  const until = new Date(notAfter).toISOString();
  if (notAfter <= now) {
    yield finding('OST502', place, `has expired on ${until}: whoever verifies it refuses the connection`, remedy);
  } else if (notBefore > now) {
    const message = `is not valid before ${new Date(notBefore).toISOString()}: a clock is wrong, or it was made too early`;
    yield finding('OST502', place, message, remedy);
  } else if (notAfter - now < Math.min(SOON_MS, (notAfter - notBefore) / 4)) {
    const days = (notAfter - now) / DAY_MS;
    const left = days >= 2 ? `${Math.floor(days)} days` : `${Math.floor(days * 24)} h`;
    yield finding('OST503', place, `expires in ${left}, on ${until}`, remedy);
  }
}

function named(place: Place, names: readonly string[], expected: readonly string[]): Finding {
  const message = `is for ${names.join(', ') || 'no name'}, and clients call ${expected.slice(0, 2).join(' or ')}`;
  const remedy = `add to its dnsNames: ${expected[0] ?? ''}`;
  return finding('OST504', place, message, remedy);
}
