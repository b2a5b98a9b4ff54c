import type { Fields, Remarks } from './remarks.ts';

/** How the options of a kind are imported. */
export interface KindOptions {
  /** The name of our kind. */
  readonly kind: string;
  /** Every option that Flex/Omni Gateway documents; other options are refused. */
  readonly known: readonly string[];
  /** @param remarks for the place of the config */
  map(config: Fields, remarks: Remarks): Fields;
}
