import { UserError } from '../errors.ts';
import { ArchiveUnavailable } from '../operator/analytics-desk.ts';
import type { SlotArchive } from '../rollup/question.ts';

/** An archive whose errors operators may see: the message of a database's fault has the remedy, and no password. */
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
