// Why a state file is of no use, as the label of a metric and the word of a log line.

/**
 * `absent`: there is no file (yet). `damaged`: cut short, changed, or no state file at all. `version`: written by another
 * version of this format. `unreadable`: no right to it, no regular file, or an error of the disk.
 */
export const LOAD_PROBLEMS = ['absent', 'damaged', 'version', 'too_old', 'too_large', 'unreadable'] as const;
export type LoadProblem = (typeof LOAD_PROBLEMS)[number];
