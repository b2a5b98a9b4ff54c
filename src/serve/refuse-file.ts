import { FileFault } from '../errors.ts';

/** Nobody reads a file of this machine by a document of the control plane. */
export async function refuseFile(): Promise<never> {
  throw new FileFault('EPERM', 'is not read: a document of a control plane names no files of this machine');
}
