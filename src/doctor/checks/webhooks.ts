import { shellWord } from '../../commented-lines.ts';
import { fieldOf, partOf, partsOf, textOf, textsOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { certificatesIn, isSignedBy } from '../certificate.ts';
import { finding } from '../finding.ts';
import type { Finding, Place } from '../finding.ts';
import { annotationsOf, isSelected, placeIn } from '../resource.ts';
import type { Resource } from '../resource.ts';
import { decodedOf } from '../secret.ts';
import { isMissing, ofKind, takesNamespace } from '../world.ts';
import type { World } from '../world.ts';

/** The webhook that gives pods their ostiary. */
export function* webhookChecks(world: World): Generator<Finding> {
  for (const resource of ofKind(world, 'MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration')) {
    for (const webhook of partsOf(resource.root, 'webhooks')) {
      const config = partOf(webhook, 'clientConfig') ?? { value: {}, path: [...webhook.path, 'clientConfig'] };
      const service = partOf(config, 'service');
      const isOurs = /ostiary/.test(textOf(webhook, 'name') + textOf(service, 'name') + resource.name);
      if (!isOurs) continue;
      yield* authorityOf(world, resource, webhook, config);
      yield* failingOf(world, resource, webhook, service);
    }
  }
}

function* authorityOf(world: World, resource: Resource, webhook: Part, config: Part): Generator<Finding> {
  const name = textOf(webhook, 'name');
  const bundle = textOf(config, 'caBundle');
  const service = partOf(config, 'service');
  const { path } = fieldOf(config, 'caBundle');
  const remedy = `kubectl rollout restart deployment -l app.kubernetes.io/name=ostiary -A  # its leader writes the caBundle again\nkubectl get ${resource.kind.toLowerCase()} ${resource.name} -o jsonpath='{.webhooks[*].clientConfig.caBundle}' | base64 -d | openssl x509 -noout -dates`;
  if (bundle === '') {
    const fills = Object.keys(annotationsOf(resource)).some((key) => key.startsWith('cert-manager.io/inject-'));
    // Of files, whoever serves writes it once it runs.
    if (!world.isCluster || fills) return;
    yield finding('OST304', placeIn(resource, path), `${name} has no caBundle: no call of it can succeed`, remedy);
    return;
  }
  const authorities = certificatesIn(Buffer.from(bundle, 'base64').toString('latin1'));
  if (authorities === undefined) {
    yield finding('OST304', placeIn(resource, path), `the caBundle of ${name} holds no certificate in PEM`, remedy);
    return;
  }
  const valid = authorities.filter(({ validToDate }) => validToDate.getTime() > world.now);
  if (valid.length === 0) {
    const last = Math.max(...authorities.map(({ validToDate }) => validToDate.getTime()));
    const message = `the caBundle of ${name} has expired (${new Date(last).toISOString()}): no call of it can succeed`;
    yield finding('OST304', placeIn(resource, path), message, remedy);
    return;
  }
  const namespace = textOf(service, 'namespace');
  for (const secret of ofKind(world, 'Secret')) {
    if (secret.namespace !== namespace || !/webhook|inject/.test(secret.name)) continue;
    const chain = certificatesIn(decodedOf(secret, 'tls.crt') ?? '');
    if (chain === undefined || isSignedBy(chain, valid)) continue;
    const message = `no authority in the caBundle of ${name} has signed the certificate of Secret ${namespace}/${secret.name}: no call of it can succeed`;
    yield finding('OST304', placeIn(resource, path), message, remedy);
  }
}

function* failingOf(world: World, resource: Resource, webhook: Part, service: Part | undefined): Generator<Finding> {
  const name = textOf(webhook, 'name');
  const at = (field: string): Place => placeIn(resource, fieldOf(webhook, field).path);
  const patch = (value: string): string =>
    `kubectl patch ${resource.kind.toLowerCase()} ${resource.name} --type json -p '[{"op":"add","path":"/webhooks/${String(webhook.path.at(-1))}${value}}]'`;
  const namespace = textOf(service, 'namespace');
  if (service !== undefined && isMissing(world, 'Service', namespace, textOf(service, 'name'))) {
    const place = placeIn(resource, [...service.path, 'name']);
    const message = `${name} calls the Service ${namespace}/${textOf(service, 'name')}, which does not exist`;
    yield finding('OST307', place, message, `kubectl -n ${shellWord(namespace)} get services`);
  }
  if (textOf(webhook, 'failurePolicy') === 'Ignore') {
    const message = `${name} has failurePolicy Ignore: a pod that is made while it does not answer runs without ostiary`;
    yield finding('OST305', at('failurePolicy'), message, patch('/failurePolicy","value":"Fail"'));
    return;
  }
  if (!concernsPods(webhook) || !isSelected(partOf(webhook, 'objectSelector'), {})) return;
  const selector = partOf(webhook, 'namespaceSelector');
  const locked = ['kube-system', namespace].filter((each) => each !== '' && takesNamespace(world, selector, each));
  if (locked.length === 0) return;
  const message = `${name} fails closed for all pods of ${locked.join(' and ')}: while it does not answer, not even its own pods can start`;
  const expression = `{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["kube-system","${namespace.replaceAll(/[^\w.-]/g, '_') || 'ostiary'}"]}`;
  const remedy = patch(`/namespaceSelector","value":{"matchExpressions":[${expression}]}`);
  yield finding('OST306', at('namespaceSelector'), message, remedy);
}

function concernsPods(webhook: Part): boolean {
  return partsOf(webhook, 'rules').some((rule) => {
    const resources = textsOf(rule, 'resources');
    return resources.some((each) => each === 'pods' || each === '*' || each === '*/*');
  });
}
