import { BASE_PATH_IN_LIST, HOST_IN_LIST } from './api-rules.ts';
import { rules } from './rule.ts';
import type { Additions } from './rule.ts';

/** Of the kinds that there are in Kubernetes alone. */
export const bindingRules: Additions = {
  'ApiBinding spec': rules({
    rule: 'has(self.targetRefs) != has(self.selector)',
    message: 'expected either targetRefs or selector',
  }),
  'ApiBinding spec.targetRefs[]': rules({
    rule: "!has(self.group) || (self.kind == 'Service') == (self.group == '')",
    message: 'the group of a Service is empty, and that of the other kinds is gateway.networking.k8s.io',
    fieldPath: '.group',
  }),
  'ApiBinding spec.selector.matchLabels': { minProperties: 1, maxProperties: 32 },
  'AccessGrant spec': rules({
    rule: 'has(self.places) || has(self.contracts)',
    message: 'grants nothing: expected places or contracts',
  }),
  'AccessGrant spec.places[].hosts[]': HOST_IN_LIST,
  'AccessGrant spec.places[].basePath': BASE_PATH_IN_LIST,
};
