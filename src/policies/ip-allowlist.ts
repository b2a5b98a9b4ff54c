import { definePolicy } from '../policy/policy.ts';
import type { PolicyRemark } from '../policy/policy.ts';
import {
  addressFiles,
  addressLists,
  addressOptions,
  addressPolicy,
  ADDRESS_REASONS,
  addressWarnings,
} from './address-policy.ts';
import type { PolicySurroundings } from './environment.ts';

const EMPTY = 'holds no address, so that every request is denied: add those that may pass';

/** Only addresses on the lists may pass (`docs/policies/ip-allowlist.md`). */
export default definePolicy({
  name: 'ip-allowlist',
  phase: 'access',
  summary: 'Admits requests of the addresses and networks on its lists, and denies all others',
  options: addressOptions,
  reasons: ADDRESS_REASONS,
  files: addressFiles,
  warnings: (written, { files }: PolicySurroundings): readonly PolicyRemark[] => {
    const options = addressOptions.parse(written);
    const isEmpty = addressLists(options, files).every(({ ranges }) => ranges.size === 0);
    const path = [options.ips === undefined ? 'files' : 'ips'];
    return [...addressWarnings(written), ...(isEmpty ? [{ path, message: EMPTY }] : [])];
  },
  create: (options, { files }: PolicySurroundings) => addressPolicy(options, files, 'listed'),
});
