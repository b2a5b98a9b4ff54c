import type { Fields, Remarks } from './remarks.ts';

/** How the options of a kind are imported. */
export interface KindOptions {
  /** Of ours. */
  readonly kind: string;
  /** Every name that Flex/Omni Gateway documents; others are refused. */
  readonly known: readonly string[];
  /** @param remarks of the config */
  map(config: Fields, remarks: Remarks): Fields;
}
