import { api } from '../e2e/documents.ts';
import { objectOf, ostiaryOf, managerOf, setRedis, count } from './planting.ts';
import type { Planted } from './planting.ts';
import type { Changeable } from './objects.ts';

export const otherFaults: readonly Planted[] = [
  {
    code: 'OST401',
    what: 'eviction',
    plant: (install) => setRedis(install, 'config', 'maxmemory-policy', 'allkeys-lru'),
  },
  { code: 'OST402', what: 'no persistence', plant: (install) => setRedis(install, 'config', 'appendonly', 'no') },
  { code: 'OST403', what: 'full memory', plant: (install) => setRedis(install, 'info', 'used_memory', '950') },
  { code: 'OST404', what: 'a replica', plant: (install) => setRedis(install, 'info', 'role', 'slave') },
  {
    code: 'OST405',
    what: 'a password in a manifest',
    plant: (install) =>
      ostiaryOf(install).spec.template.spec.containers[0].args.push('--redis=redis://a:secret@redis:6379'),
  },
  {
    code: 'OST501',
    what: 'a clock of Redis that is ahead',
    plant: (install) => (install.redis = install.redis.map((each) => ({ ...each, clockOffsetMs: 60_000 }))),
  },
  {
    code: 'OST501',
    what: 'a clock of ostiary that is behind',
    plant: (install) => (install.services = install.services.map((each) => ({ ...each, clockOffsetMs: -60_000 }))),
  },
  {
    code: 'OST502',
    what: 'a certificate that has expired',
    plant: (install) =>
      (install.certificates = install.certificates.map((each) => ({ ...each, notAfter: Date.now() - 1 }))),
  },
  {
    code: 'OST503',
    what: 'a certificate that expires in a week',
    plant(install) {
      const notAfter = Date.now() + 7 * 86_400_000;
      install.certificates = install.certificates.map((each) => ({ ...each, notBefore: Date.now() - 1e11, notAfter }));
    },
  },
  {
    code: 'OST504',
    what: 'a certificate for another Service',
    plant(install) {
      const from = objectOf(install, 'Secret', 'ostiary-webhook').data;
      objectOf(install, 'Secret', 'ostiary-tls').data = { ...from };
    },
  },
  {
    code: 'OST505',
    what: 'a certificate of another authority',
    plant(install) {
      const other = objectOf(install, 'Secret', 'ostiary-webhook').data['ca.crt'];
      objectOf(install, 'Secret', 'ostiary-tls').data['ca.crt'] = other;
    },
  },
  {
    code: 'OST506',
    what: 'a key of another certificate',
    plant(install) {
      const other = objectOf(install, 'Secret', 'ostiary-webhook').data['tls.key'];
      objectOf(install, 'Secret', 'ostiary-tls').data['tls.key'] = other;
    },
  },
  {
    code: 'OST601',
    what: 'a document with a fault',
    plant: (install) => void install.documents.push(api('broken', { polices: [] })),
  },
  {
    code: 'OST602',
    what: 'a filter that names an API which no document has',
    plant(install) {
      const [host] = managerOf(install).route_config.virtual_hosts;
      const [config] = Object.values(host.typed_per_filter_config) as [Changeable];
      config.check_settings.context_extensions['ostiary.api'] = 'order';
    },
  },
  { code: 'OST603', what: 'an API without a policy', plant: (install) => void install.documents.push(api('open')) },
  {
    code: 'OST604',
    what: 'an API whose policies authenticate nobody',
    plant(install) {
      const policies = [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['10.0.0.0/8'] } }];
      install.documents.push(api('inside', { policies }));
    },
  },
  {
    code: 'OST605',
    what: 'an API in shadow mode',
    plant(install) {
      const policies = [{ policyRef: { name: 'client-id-enforcement' }, mode: 'shadow' }];
      install.documents.push(api('tried', { policies }));
    },
  },
  {
    code: 'OST701',
    what: 'unmatched requests that are allowed',
    plant: (install) => ostiaryOf(install).spec.template.spec.containers[0].args.push('--unmatched=allow'),
  },
  {
    code: 'OST702',
    what: 'requests that no API matched',
    plant: (install) => count(install, 'ostiary_checks_total', { api: '', reason: 'api_unknown' }, 3),
  },
  {
    code: 'OST703',
    what: 'requests without a decision',
    plant: (install) =>
      count(install, 'ostiary_unchecked_requests_total', { service: 'orders', destination: '10.0.0.1:80' }, 5),
  },
  {
    code: 'OST704',
    what: 'a stale sidecar',
    plant: (install) =>
      (install.sidecars = install.sidecars.map((each) => ({ ...each, stale: 'does not follow now' }))),
  },
  {
    code: 'OST704',
    what: 'a sidecar without its control plane',
    plant: (install) => count(install, 'ostiary_control_connected', {}, 0),
  },
  {
    code: 'OST705',
    what: 'a binding that is not programmed',
    plant: (install) => (objectOf(install, 'ApiBinding').status.conditions[2].status = 'False'),
  },
  {
    code: 'OST705',
    what: 'a status that tells of an older binding',
    plant: (install) => (objectOf(install, 'ApiBinding').metadata.generation = 4),
  },
];
