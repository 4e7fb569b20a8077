/**
 * wasmvisor: RISC-V virtual machines in WebAssembly, compatible with QEMU's `virt` board.
 *
 * ```ts
 * import { Host } from "wasmvisor";
 *
 * const host = await Host.create();
 * const vm = await host.createVm({ memory: "256M", kernel: "Image", initrd: "initrd.img", append: "console=ttyS0" });
 * vm.start();
 * await vm.console.waitFor("# ", 30_000);
 * await vm.console.write("uname -a\n");
 * ```
 *
 * @packageDocumentation
 */

export { PageFlag } from "./core/machine-space.ts";
export { lockstep } from "./observe/lockstep/lockstep.ts";
export type { LockstepOptions, LockstepResult, LockstepVms, Typed } from "./observe/lockstep/lockstep.ts";
export type { LockstepDifference } from "./observe/lockstep/report.ts";
export type { Differences, MemoryDifference, OtherDifference, RegisterDifference } from "./observe/lockstep/compare.ts";
export type { TracedInstruction } from "./observe/lockstep/trace.ts";
export { flameGraph } from "./observe/profile-flame.ts";
export type { FlameGraphOptions } from "./observe/profile-flame.ts";
export { Profiler } from "./observe/profile.ts";
export type { Profile, ProfileOptions, ProfileStack } from "./observe/profile.ts";
export { trace } from "./observe/trace.ts";
export type { TraceOptions, TraceStep } from "./observe/trace.ts";
export { type ErrorCode, WasmvisorError } from "./error.ts";
export type { Address } from "./memory/address.ts";
export { DEMO_GUEST } from "./vmm/bundled.ts";
export type { CoreSource } from "./vmm/core-module.ts";
export type { TranslatorCounters, TranslatorExits, TranslatorJumps } from "./vmm/counters.ts";
export { ENGINE_NAMES, MAX_HARTS, parseMemorySize } from "./vmm/config.ts";
export type { EngineName, LoadProgress, VmConfig } from "./vmm/config.ts";
export type { ConsoleMatch, VmConsole, WaitLimits } from "./vmm/console.ts";
export type { AccessSize, Device, DeviceState, FdtNode, FdtPlace, IrqLine, Word64 } from "./device/device.ts";
export type { DeviceDeps, DeviceMaker } from "./machine/owner-devices.ts";
export type { GuestMemory } from "./memory/guest-memory.ts";
export type { Clock } from "./backend/clock/clock.ts";
export type { Interval } from "./vmm/sampler.ts";
export type { Symbol as GuestSymbol } from "./machine/loader/loaded-image.ts";
export type { DetailEvent, DetailListener, Emitter, ListenOptions, Unsubscribe } from "./vmm/events.ts";
export type { BlockBackend, BlockInfo, Done, Extent } from "./backend/block/block.ts";
export type { DriveCounters, DriveError, DriveOperation } from "./device/virtio/blk/drive.ts";
export type { IoLimits } from "./device/virtio/limits.ts";
export type { VirtioLayout } from "./device/virtio/mmio.ts";
export { Drive } from "./vmm/drives.ts";
export type { DiskMap, DiskPart, DriveFault, DriveOptions, DriveSource, DriveStatistics } from "./vmm/drives.ts";
export type { HostAccounting, IoUse, MemoryUse, VmAccounting } from "./vmm/accounting.ts";
export type { CpuUse } from "./vmm/scheduler/scheduler.ts";
export type { CpuChoice, CpuSettings, VmCpuChoice, VmCpuSettings } from "./vmm/scheduler/settings.ts";
export { Hart } from "./vmm/hart.ts";
export type { AccessName, HartCounters } from "./vmm/hart.ts";
export { Host } from "./vmm/host.ts";
export type { Compilation } from "./host/load.ts";
export type { HostOptions } from "./vmm/host.ts";
export type { ImageSource } from "./vmm/image-source.ts";
export type { PhysicalMemory } from "./vmm/physical-memory.ts";
export type { SharingStatistics } from "./memory/scanner.ts";
export type { SharingOptions } from "./vmm/sharing.ts";
export type { PagingOptions } from "./vmm/paging/options.ts";
export type { PagingStatistics } from "./memory/paging/pager.ts";
export type { PageStoreStatistics } from "./memory/paging/page-store.ts";
export type { PoolStatistics } from "./memory/pool.ts";
export type { DirtyFrames, RamStatistics } from "./memory/ram.ts";
export type { RegionChoice, RegionExplanation, RegionInfo } from "./vmm/regions.ts";
export type { FlashOptions } from "./vmm/flash.ts";
export type { FwCfgFile } from "./device/fw-cfg/items.ts";
export type {
  FrameInfo,
  FrameOffers,
  FrameSink,
  NetworkBackend,
  NetworkInfo,
  NetworkPort,
} from "./backend/network/network.ts";
export { Gso, MAX_FRAME, Offload } from "./backend/network/network.ts";
export type { NetworkCounters, NetworkLimits } from "./device/virtio/net/nic.ts";
export type {
  LinkState,
  NetworkFault,
  NetworkOptions,
  NetworkSource,
  NetworkStatistics,
  VmNetwork,
} from "./vmm/networks.ts";
export { Switch } from "./net/switch/switch.ts";
export type { ControlledFrame, SwitchEvent, SwitchOptions } from "./net/switch/switch.ts";
export { SwitchPort } from "./net/switch/port.ts";
export type { PortVlan, SwitchPortCounters, SwitchPortOptions } from "./net/switch/port.ts";
export type { GuardOptions } from "./net/switch/guard.ts";
export type { PortLimits } from "./net/switch/rate.ts";
export type { MacEntry } from "./net/switch/mac-table.ts";
export { FlowTable } from "./net/switch/flow.ts";
export type { Flow, FlowAction, FlowEnd, FlowEntry, FlowFields, FlowMatch } from "./net/switch/flow.ts";
export { joinByBroadcast } from "./net/switch/broadcast.ts";
export { joinByMessages } from "./net/switch/channel.ts";
export type { MessageLine } from "./net/switch/channel.ts";
export { joinBackend } from "./net/switch/cable.ts";
export { openFetchSockets, openRelayNetwork, openVxlanNetwork, openWispSockets } from "./vmm/tunnels.ts";
export type { FetchOptions } from "./net/fetch/fetch.ts";
export type { WispOptions, WispSockets } from "./net/wisp/wisp.ts";
export type { VxlanNetworkOptions } from "./vmm/tunnels.ts";
export type { VxlanNetwork, VxlanOptions, VxlanPeer, VxlanStatistics } from "./net/vxlan/vxlan.ts";
export type { RelayNetworkEvent, RelayNetworkOptions } from "./net/relay/client.ts";
export { Relay } from "./net/relay/relay.ts";
export { MAX_MESSAGE as MAX_RELAY_MESSAGE } from "./net/relay/protocol.ts";
export type { RelayEvent, RelayOptions, RelayTenant } from "./net/relay/relay.ts";
export type { FrameSocket, SocketMaker } from "./backend/network/web-socket.ts";
export { tapNetworks } from "./vmm/network-tap.ts";
export type { TappedNetwork } from "./vmm/network-tap.ts";
export { openUserNetwork } from "./vmm/user-network.ts";
export type { UserNetworkOptions } from "./vmm/user-network.ts";
export type { UserConnection, UserNetwork, UserNetworkStats } from "./backend/network/user/user.ts";
export { parseHostForward } from "./backend/network/user/options.ts";
export type {
  GuestForward,
  GuestStream,
  HostForward,
  UserEvent,
  UserLimits,
  UserOptions,
} from "./backend/network/user/options.ts";
export type { EgressFunction, EgressPolicy, EgressRequest, EgressRule } from "./backend/network/user/policy.ts";
export type {
  AcceptedStream,
  DatagramEvents,
  DnsRecord,
  DnsResult,
  HostDatagrams,
  HostListener,
  HostNetwork,
  HostStream,
  DnsRecordType,
  StreamEvents,
  StreamFailure,
} from "./backend/network/user/host-network.ts";
export type { UserClock } from "./backend/network/user/timers.ts";
export { VmBalloon } from "./vmm/balloon.ts";
export type { BalloonOptions, BalloonStatistics } from "./vmm/balloon.ts";
export type { BalloonFeatures } from "./device/virtio/balloon/balloon.ts";
export type { GuestMemoryStatistics } from "./device/virtio/balloon/protocol.ts";
export type { RngLimits } from "./device/virtio/rng/rng.ts";
export { VmPort } from "./vmm/ports.ts";
export type { PortChange, PortOptions, SerialOptions } from "./vmm/ports.ts";
export type { CheckpointOptions } from "./vmm/cure/checkpoints.ts";
export type { WatchdogOptions } from "./vmm/cure/watchdog.ts";
export type { FailureAction } from "./vmm/recovery.ts";
export type { RngOptions } from "./vmm/rng-options.ts";
export type { AgentInfo } from "./vmm/agent/client.ts";
export type { Copied } from "./vmm/agent/copy.ts";
export type { FileChange, FileEntry, FileKind, FileStatus, GuestFiles } from "./vmm/agent/files.ts";
export { copyFromGuest, copyToGuest, Driven, type ShutdownOptions, type Waiting } from "./vmm/agent/driven.ts";
export type {
  FileSource,
  ReadOptions as FileReadOptions,
  WriteOptions as FileWriteOptions,
} from "./vmm/agent/files.ts";
export type { ExecOptions, ExecResult, GuestProcess, ProcessExit, SpawnOptions } from "./vmm/agent/process.ts";
export type { FileMap } from "./backend/share/map.ts";
export type { ShareOptions } from "./vmm/shares.ts";
export type { VsockOptions, Vsockets, VsockSocket } from "./vmm/vsock.ts";
export { Vm } from "./vmm/vm.ts";
export type { SnapshotOptions } from "./vmm/snapshot/take.ts";
export type { CloneOptions, Template } from "./vmm/snapshot/template.ts";
export { snapshotInfo } from "./vmm/snapshot/info.ts";
export type { SnapshotDisk, SnapshotInfo, SnapshotInfoOptions } from "./vmm/snapshot/info.ts";
export { functionVm } from "./vmm/function-vm.ts";
export type {
  FunctionCall,
  FunctionUse,
  FunctionClone,
  FunctionVm,
  FunctionVmOptions,
  FunctionVmStatistics,
} from "./vmm/function-vm.ts";
export type { LazyOptions, LazyRestore } from "./vmm/snapshot/lazy.ts";
export type { DiskChoice } from "./vmm/snapshot/disks.ts";
export type { RestoredDrive, RestoreOptions } from "./vmm/snapshot/restore.ts";
export type { PostCopy } from "./vmm/migrate/follow.ts";
export type { MigrateOptions, MigrationMode, MigrationProgress, MigrationStatistics } from "./vmm/migrate/options.ts";
export type { ReceiveOptions } from "./vmm/migrate/receive.ts";
export type { ByteStreams } from "./migration/line.ts";
export type { SnapshotKey } from "./snapshot/cipher.ts";
export { HostPool } from "./pool/host-pool.ts";
export type { PlaceOptions } from "./pool/host-pool.ts";
export type {
  HostPoolOptions,
  HostPoolStatistics,
  PoolHostStatistics,
  PoolMove,
  PoolVmStatistics,
} from "./pool/options.ts";
export { MEMORY_MODEL_NAMES } from "./vmm/memory-model.ts";
export type { MemoryModelName } from "./vmm/memory-model.ts";
export { SENSITIVE_NAMES, TRANSLATOR_SWITCHES } from "./vmm/translator-options.ts";
export type { CodeCacheOptions, SensitiveName, TranslatorOptions, TranslatorSwitch } from "./vmm/translator-options.ts";
export type { TrapStorm, VmCounters, VmEvents, VmExit, VmState } from "./vmm/vm-types.ts";
export type { WorkerChoice, WorkerLike } from "./host/thread.ts";
export { WorkerBalloon } from "./worker/worker-balloon.ts";
export { WorkerLazyRestore, WorkerPostCopy } from "./worker/worker-late.ts";
export { WorkerDrive } from "./worker/worker-drive.ts";
export { WorkerHart } from "./worker/worker-hart.ts";
export { WorkerHost } from "./worker/worker-host.ts";
export { WorkerMemory } from "./worker/worker-memory.ts";
export { WorkerNetwork } from "./worker/worker-network.ts";
export { WorkerPort } from "./worker/worker-port.ts";
export { WorkerVm } from "./worker/worker-vm.ts";
