/** A number below `over` for a name, to spread names evenly (FNV-1a); anything but a secret. */
export function spread(name: string, over: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return (hash >>> 8) % over;
}
