export { type ApiOptions, createApi } from './api.ts';
export { JobInstruments } from './instruments.ts';
export { JobDesk, type JobDeskOptions } from './job-desk.ts';
export { type RegisteredTask, readTasks, writeTasks } from './registered-tasks.ts';
export { ScheduleDesk } from './schedule-desk.ts';
