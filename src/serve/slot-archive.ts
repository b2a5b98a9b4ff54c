import { UserError } from '../errors.ts';
import { ArchiveUnavailable } from '../operator/analytics-desk.ts';
import type { SlotArchive } from '../rollup/question.ts';

/** An archive whose faults operators are told: a fault of a database names it and the remedy, and has no password. */
export function archiveOf(archive: SlotArchive): SlotArchive {
  return {
    async ask(question) {
      try {
        return await archive.ask(question);
      } catch (error) {
        if (error instanceof UserError) throw new ArchiveUnavailable(error.message, { cause: error });
        throw error;
      }
    },
  };
}
