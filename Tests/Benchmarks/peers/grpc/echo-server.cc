// Unary echo with gRPC's asynchronous server: one completion queue, one thread.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>

#include "echo.grpc.pb.h"

namespace {

class Call {
public:
    Call(echo::v1::Echo::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue), responder_(&context_) {
        service_->RequestEcho(&context_, &request_, &responder_, queue_, queue_, this);
    }

    void Proceed(bool ok) {
        if (isFinishing_ || !ok) {
            delete this;
            return;
        }
        new Call(service_, queue_);
        isFinishing_ = true;
        response_.Swap(&request_);
        responder_.Finish(response_, grpc::Status::OK, this);
    }

private:
    echo::v1::Echo::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    grpc::ServerContext context_;
    echo::v1::Message request_;
    echo::v1::Message response_;
    grpc::ServerAsyncResponseWriter<echo::v1::Message> responder_;
    bool isFinishing_ = false;
};

}  // namespace

int main() {
    echo::v1::Echo::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.SetMaxReceiveMessageSize(8 << 20);
    builder.RegisterService(&service);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server) return 1;
    std::printf("127.0.0.1:%d\n", port);
    std::fflush(stdout);
    for (int i = 0; i < 128; i++) new Call(&service, queue.get());
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok)) static_cast<Call *>(tag)->Proceed(ok);
    return 0;
}
