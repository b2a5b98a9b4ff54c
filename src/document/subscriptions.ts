import type { DocumentIndex } from './document-index.ts';
import type { Faults } from './fault.ts';
import { addIssues } from './load.ts';
import { referenceFrom } from './names.ts';

/** Each webhook that a subscription names is there. */
export function refuseUnknownWebhooks(index: DocumentIndex, faults: Faults): void {
  for (const { document, place } of index.all('Subscription')) {
    const { metadata, spec } = document;
    for (const [at, name] of (spec.webhooks ?? []).entries()) {
      const webhook = referenceFrom(metadata, name);
      if (index.has('Webhook', webhook)) continue;
      const message = index.dangling('Webhook', webhook);
      if (message === undefined) continue;
      addIssues(faults, place, [{ path: ['spec', 'webhooks', at], at: 'value', message, isDangling: true }]);
    }
  }
}
