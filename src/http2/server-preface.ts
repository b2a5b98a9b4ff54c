import type { FrameWriter } from './frame-writer.ts';
import { DEFAULT_WINDOW, FrameType, Setting, writeUint32 } from './frame.ts';
import type { Limits } from './limits.ts';

/** The server preface (RFC 9113, 3.4): the limits as SETTINGS, and a WINDOW_UPDATE for the connection's window. */
export function writeServerPreface(writer: FrameWriter, limits: Limits): void {
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
  writer.control(FrameType.settings, 0, payload);
  writer.number(FrameType.windowUpdate, 0, limits.connectionWindowBytes - DEFAULT_WINDOW);
  writer.output.flush();
}
