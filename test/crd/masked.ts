import { valueIn, withValueAt } from '../../src/document/environment.ts';
import { documentSchemas } from '../../src/document/schema.ts';
import type { Kind } from '../../src/document/schema.ts';
import { mapPolicies, secretPlacesIn } from '../../src/crd/policy-secrets.ts';

type Json = Readonly<Record<string, unknown>>;

const SECRET = { salt: 'masked', sha256: '0'.repeat(64) };

/** Of a source of a secret, that there is one: it is hashed on the way. */
function maskedSource(source: unknown): unknown {
  if (typeof source !== 'object' || source === null || !('value' in source || 'file' in source || 'salt' in source))
    return source;
  const { value: _, file: _file, salt: _salt, sha256: _sha256, ...rest } = source as Json;
  return { ...rest, ...SECRET };
}

/** What a document says, with its defaults, but for secrets and what only the control plane writes. */
export function masked(document: Json): unknown {
  const parsed = documentSchemas[document['kind'] as Kind].parse(document) as Json & { spec: Json; metadata: Json };
  const { clientSecret, clientSecrets, apiKeys, record: _, filter, ...spec } = parsed.spec;
  const policies = mapPolicies(String(parsed['kind']), spec, (config, __, policy) => {
    const plain = secretPlacesIn(policy, config);
    const referred = Object.entries(config as Json)
      .filter(([, value]) => typeof value === 'string' && value.startsWith('${secret:'))
      .map(([key]) => [key]);
    return [...plain, ...referred].reduce(
      (changed, place) => (valueIn(changed, place) === undefined ? changed : withValueAt(changed, place, 'masked')),
      config,
    );
  });
  const { labels = {}, annotations = {}, ...metadata } = parsed.metadata;
  return JSON.parse(
    JSON.stringify({
      kind: parsed['kind'],
      metadata: { ...metadata, labels, annotations },
      spec: {
        ...policies,
        // One, or a list of one.
        ...(filter !== undefined && {
          filter: Object.fromEntries(Object.entries(filter as Json).map(([key, each]) => [key, [each].flat()])),
        }),
        clientSecret: maskedSource(clientSecret),
        clientSecrets: Array.isArray(clientSecrets) ? clientSecrets.map(maskedSource) : undefined,
        apiKeys: Array.isArray(apiKeys) ? apiKeys.map(maskedSource) : undefined,
      },
    }),
  );
}
