import { defaultWindow, FrameType, Setting, writeUint32 } from './frame.ts';
import type { Limits } from './limits.ts';
import type { Sender } from './sender.ts';

/** A server's first words (RFC 9113, 3.4): our limits as SETTINGS, and the connection's window made as large. */
export function greet(sender: Sender, limits: Limits): void {
  const settings = [
    [Setting.maxConcurrentStreams, limits.maxConcurrentStreams],
    [Setting.initialWindowSize, limits.streamWindowBytes],
    [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    [Setting.headerTableSize, limits.headerTableBytes],
  ] as const;
  const payload = new Uint8Array(settings.length * 6);
  settings.forEach(([name, value], index) => {
    payload[index * 6 + 1] = name;
    writeUint32(payload, index * 6 + 2, value);
  });
  sender.control(FrameType.settings, 0, 0, payload);
  sender.controlNumber(FrameType.windowUpdate, 0, limits.connectionWindowBytes - defaultWindow);
  sender.output.flush();
}
