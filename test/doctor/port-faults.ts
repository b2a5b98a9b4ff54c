import { objectOf, filterOf, gateFilterOf, ports, withoutGuard } from './planting.ts';
import type { Planted } from './planting.ts';
import type { Changeable } from './objects.ts';

export const portFaults: readonly Planted[] = [
  {
    code: 'OST101',
    what: 'a port without a name',
    plant(install) {
      withoutGuard(install);
      delete ports(install)[0].name;
    },
  },
  {
    code: 'OST102',
    what: 'a port called web',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].name = 'web';
    },
  },
  {
    code: 'OST103',
    what: 'a port that is TCP by its name',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].name = 'tcp-web';
    },
  },
  {
    code: 'OST103',
    what: 'a port that is TLS by its appProtocol',
    plant(install) {
      withoutGuard(install);
      ports(install)[0].appProtocol = 'https';
    },
  },
  {
    code: 'OST104',
    what: 'a binding to a Service that does not exist',
    plant: (install) => (objectOf(install, 'ApiBinding').spec.targetRef.name = 'order'),
  },
  {
    code: 'OST104',
    what: 'an EnvoyFilter for a Gateway that does not exist',
    plant: (install) => (gateFilterOf(install).spec.targetRefs[0].name = 'gone'),
  },
  {
    code: 'OST104',
    what: 'a SecurityPolicy for a route that does not exist',
    plant: (install) => (objectOf(install, 'SecurityPolicy').spec.targetRefs[0].name = 'gone'),
  },
  {
    code: 'OST105',
    what: 'an EnvoyFilter whose selector matches no pod',
    plant: (install) => (filterOf(install).spec.workloadSelector.labels = { app: 'order' }),
  },
  {
    code: 'OST106',
    what: 'a bound Service that selects nobody',
    plant: (install) => (objectOf(install, 'Service', 'orders').spec.selector = { app: 'order' }),
  },
  {
    code: 'OST107',
    what: 'a target port that no container has',
    plant: (install) => (ports(install)[0].targetPort = 'http'),
  },
  {
    code: 'OST108',
    what: 'a route that is named by the port of the container',
    plant(install) {
      const vhost = filterOf(install).spec.configPatches.find((each: Changeable) => each.applyTo === 'VIRTUAL_HOST');
      vhost.match.routeConfiguration.vhost.name = 'inbound|http|8080';
    },
  },
];
