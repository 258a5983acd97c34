/** Literals that look like values of another service and are ours, each with the reason. */
export const OURS: Readonly<Record<string, string>> = {
  'https://turnwise.invalid/': 'an address that leads nowhere, for turns that have no channel',
  'http://localhost:': 'the chat page of this machine',
  'http://127.0.0.1:': 'the runner of this machine',
  'dist/package': 'the folder of the package',
  'dist/shared': 'a folder of the package that makes bots',
  '7b3e4d52-0f0b-4c63-9d0e-2f6f0d8a1c01': 'the id of a parameter of the workbook, made up for it',
  '7b3e4d52-0f0b-4c63-9d0e-2f6f0d8a1c02': 'the id of a parameter of the workbook, made up for it',
};
