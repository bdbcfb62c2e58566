// Keeps N calls in flight on one connection for S seconds, with gRPC's asynchronous client.
// Prints: calls, seconds, own CPU seconds, p50 and p99 in microseconds.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "echo.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    echo::v1::Message response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<echo::v1::Message>> reader;
    Clock::time_point startedAt;
};

double CPUSeconds() {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    const int bytes = std::atoi(argv[2]);
    const int inFlight = std::atoi(argv[3]);
    const double seconds = std::atof(argv[4]);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(8 << 20);
    auto channel =
        grpc::CreateCustomChannel(argv[1], grpc::InsecureChannelCredentials(), arguments);
    auto stub = echo::v1::Echo::NewStub(channel);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5)))
        return 1;

    echo::v1::Message request;
    request.set_data(std::string(bytes - (bytes < 200 ? 2 : bytes < 16000 ? 3 : 4), 7));
    grpc::CompletionQueue queue;
    std::vector<Call> calls(inFlight);
    std::vector<unsigned> latencies;
    latencies.reserve(1 << 20);
    auto begin = [&](Call *call) {
        call->context = std::make_unique<grpc::ClientContext>();
        call->context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        call->startedAt = Clock::now();
        call->reader = stub->AsyncEcho(call->context.get(), request, &queue);
        call->reader->Finish(&call->response, &call->status, call);
    };
    // One call before the clock starts, as ours does.
    echo::v1::Message warm;
    grpc::ClientContext warmContext;
    if (!stub->Echo(&warmContext, warm, &warm).ok()) return 1;

    const double cpuBefore = CPUSeconds();
    const auto start = Clock::now();
    const auto end = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(seconds));
    for (auto &call : calls) begin(&call);
    int running = inFlight;
    void *tag;
    bool ok;
    while (running > 0 && queue.Next(&tag, &ok)) {
        auto *call = static_cast<Call *>(tag);
        if (!ok || !call->status.ok() || call->response.data().size() != request.data().size())
            return 1;
        const auto now = Clock::now();
        latencies.push_back(
            std::chrono::duration_cast<std::chrono::nanoseconds>(now - call->startedAt).count());
        if (now < end) begin(call);
        else running--;
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const double cpu = CPUSeconds() - cpuBefore;
    std::sort(latencies.begin(), latencies.end());
    std::printf("%zu %.6f %.6f %.1f %.1f\n", latencies.size(), elapsed, cpu,
                latencies[latencies.size() / 2] / 1000.0,
                latencies[latencies.size() * 99 / 100] / 1000.0);
    return 0;
}
