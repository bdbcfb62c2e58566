/// A ledger as the first release left it, row by row, on its own schema: ada has 127 credits, 124 of
/// them held for job2 and job4; guest was merged into ada while 2 were held for job6.
enum FirstRelease {
    static let transactions: UInt64 = 14
    static let head = "c53750d56c91870a814c43b20da0e6490fa4ac81a45b5459832ced797b688526"

    static let ledger = """
        PRAGMA defer_foreign_keys = ON;
        INSERT INTO accounts VALUES(100,'wallet',1,'ada',0,0,0,NULL,1767225600000000);
        INSERT INTO accounts VALUES(101,'wallet',1,'guest',0,0,0,100,1767225600000000);
        INSERT INTO transactions VALUES(1,'grant',100,0,NULL,'starter:ada','test','req_1','','st\
        arter grant',1000000,0,1767225600000000,X'dbd22521e9216be61a932936cb33394ce0000837441f48\
        3bfbfd6f3fd9dfdd1d');
        INSERT INTO transactions VALUES(2,'hold',100,1,2,NULL,'test','req_1','','',1000000,-4000\
        0,1767225600000001,X'3e772b3a1f50b2102cae6d5c182b8911a6d7e7ad5b667ffc4969f5325b3f9c2e');
        INSERT INTO transactions VALUES(3,'capture',100,2,2,NULL,'test','req_1','','',980000,0,1\
        767225600000002,X'f76ca0b79a715b9b0b1d14ab7b74cdaaa569169202171e09a5c2dc5ef70f5811');
        INSERT INTO transactions VALUES(4,'refund',100,3,2,'2:a','test','req_1','','',990000,0,1\
        767225600000003,X'32c2141764e948559d3e97fae86bd75771518186c34ff3f50e0e660f7c5f951f');
        INSERT INTO transactions VALUES(5,'grant',101,0,NULL,'starter:guest','test','req_1','','\
        starter grant',1000000,0,1767225600000004,X'089107b8edebe7bdf1ec2d4357f65ae276bed28407ec\
        c3a00f7b6cef2464cc54');
        INSERT INTO transactions VALUES(6,'grant',101,5,NULL,'pack:1','shop','req_1','','',13000\
        00,0,1767225600000005,X'52d304d3d1b789ead92d82e761311a4eb51cda13e7c70ce0565d55602edeefa0\
        ');
        INSERT INTO transactions VALUES(7,'hold',101,6,7,NULL,'test','req_1','','',1300000,-7000\
        0,1767225600000006,X'2c3976f94025d1360894727aaf194faa31a2a2ebbe38c4494df514c1e33f0862');
        INSERT INTO transactions VALUES(8,'capture',101,7,7,NULL,'test','req_1','','',1230000,0,\
        1767225600000007,X'8c8c7b81c8bb1cbe8d0f8f97ecaf3aa4f79c0da501209dbff8d6fb4ad7efd1c9');
        INSERT INTO transactions VALUES(9,'hold',101,8,9,NULL,'test','req_1','','',1230000,-2000\
        0,1767225600000008,X'0bb83a8356303e45f110a18f1c462efd1ff11331fbb569cda7b40f860312c720');
        INSERT INTO transactions VALUES(10,'correction',101,9,NULL,NULL,'test','req_1','','secon\
        d starter grant taken back',300000,-20000,1767225600000009,X'd152382fa0ba163cc3f010a8d99\
        eb6144c69ebf2a5edff5c3fad17c904bf3683');
        INSERT INTO transactions VALUES(11,'merge',101,10,NULL,NULL,'test','req_1','','to ada',2\
        0000,-20000,1767225600000010,X'26add697eeee27d90b688dfda2333a2cfd8d2e7227475c820c300e890\
        b3dc287');
        INSERT INTO transactions VALUES(12,'merge',100,4,NULL,NULL,'test','req_1','','from guest\
        ',1270000,0,1767225600000011,X'b99d4793f323275ba18be66b2db0bd1ec1e9882b953c6de91cf98cf4c\
        edd583c');
        INSERT INTO transactions VALUES(13,'hold',100,12,13,NULL,'test','req_1','','',1270000,-4\
        0000,1767225600000012,X'754991e36eacecc929354895be9c7403bade417fcd3d1ff785e21a163d9bc305\
        ');
        INSERT INTO transactions VALUES(14,'hold',100,13,14,NULL,'test','req_1','','',1270000,-1\
        240000,1767225600000013,X'c53750d56c91870a814c43b20da0e6490fa4ac81a45b5459832ced797b6885\
        26');
        INSERT INTO holds VALUES(2,100,40000,20000,10000,'captured','image.preview','',4,'job1',\
        '',1,'',1767225600000000,1767225720000000,1767226500000000,1767225600000002,3);
        INSERT INTO holds VALUES(7,101,70000,70000,0,'captured','image.preview','',7,'job5','',1\
        ,'',1767225600000000,1767225720000000,1767226500000000,1767225600000007,8);
        INSERT INTO holds VALUES(9,101,20000,0,0,'reserved','image.preview','',2,'job6','',1,'',\
        1767225600000000,1767225720000000,1767226500000000,NULL,NULL);
        INSERT INTO holds VALUES(13,100,40000,0,0,'reserved','image.preview','',4,'job2','',1,''\
        ,1767225600000000,1767225720000000,1767226500000000,NULL,NULL);
        INSERT INTO holds VALUES(14,100,1200000,0,0,'reserved','image.preview','',1,'job4','',0,\
        '',1767225600000000,1767225720000000,1767226500000000,NULL,NULL);
        INSERT INTO entries VALUES(1,0,100,1,0,1000000);
        INSERT INTO entries VALUES(1,1,2,1,0,-1000000);
        INSERT INTO entries VALUES(2,0,100,1,1,-40000);
        INSERT INTO entries VALUES(2,1,3,1,1,40000);
        INSERT INTO entries VALUES(3,0,100,1,1,40000);
        INSERT INTO entries VALUES(3,1,3,1,1,-40000);
        INSERT INTO entries VALUES(3,2,100,1,0,-20000);
        INSERT INTO entries VALUES(3,3,3,1,0,20000);
        INSERT INTO entries VALUES(4,0,100,1,0,10000);
        INSERT INTO entries VALUES(4,1,4,1,0,-10000);
        INSERT INTO entries VALUES(5,0,101,1,0,1000000);
        INSERT INTO entries VALUES(5,1,2,1,0,-1000000);
        INSERT INTO entries VALUES(6,0,101,1,0,300000);
        INSERT INTO entries VALUES(6,1,1,1,0,-300000);
        INSERT INTO entries VALUES(7,0,101,1,1,-70000);
        INSERT INTO entries VALUES(7,1,3,1,1,70000);
        INSERT INTO entries VALUES(8,0,101,1,1,70000);
        INSERT INTO entries VALUES(8,1,3,1,1,-70000);
        INSERT INTO entries VALUES(8,2,101,1,0,-70000);
        INSERT INTO entries VALUES(8,3,3,1,0,70000);
        INSERT INTO entries VALUES(9,0,101,1,1,-20000);
        INSERT INTO entries VALUES(9,1,3,1,1,20000);
        INSERT INTO entries VALUES(10,0,101,1,0,-930000);
        INSERT INTO entries VALUES(10,1,2,1,0,930000);
        INSERT INTO entries VALUES(11,0,101,1,0,-280000);
        INSERT INTO entries VALUES(11,1,5,1,0,280000);
        INSERT INTO entries VALUES(12,0,100,1,0,280000);
        INSERT INTO entries VALUES(12,1,5,1,0,-280000);
        INSERT INTO entries VALUES(13,0,100,1,1,-40000);
        INSERT INTO entries VALUES(13,1,3,1,1,40000);
        INSERT INTO entries VALUES(14,0,100,1,1,-1200000);
        INSERT INTO entries VALUES(14,1,3,1,1,1200000);
        INSERT INTO grants VALUES(1,'promo','starter:ada');
        INSERT INTO grants VALUES(5,'promo','starter:guest');
        INSERT INTO grants VALUES(6,'paid','pack:1');
        INSERT INTO prices VALUES(1,'studio','depth','','',10000,'each','Depth map',179527328866\
        8938);
        INSERT INTO prices VALUES(1,'studio','image','flux-kontext','',40000,'each','Flux Kontex\
        t',1795273288668938);
        INSERT INTO prices VALUES(1,'studio','image','local','',10000,'each','Local picture',179\
        5273288668938);
        INSERT INTO prices VALUES(1,'studio','image.preview','','',10000,'each','Preview image',\
        1795273288668938);
        INSERT INTO prices VALUES(1,'studio','image.regenerate','','',10000,'each','New image',1\
        795273288668938);
        INSERT INTO prices VALUES(1,'studio','storyboard','','',40000,'each','Storyboard',179527\
        3288668938);
        INSERT INTO prices VALUES(1,'studio','video.draft','','',50000,'each','Draft video',1795\
        273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','kling-v2.1','',350000,'each','Klin\
        g 2.1',1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','local-parallax','',50000,'each','Loc\
        al parallax',1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','luma-ray-3','',400000,'each','Luma R\
        ay 3',1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','runway-gen4','',500000,'each','Runwa\
        y Gen-4',1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','sora-2','',800000,'each','Sora 2',17\
        95273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','veo-3','',300000,'each','Veo 3',1795\
        273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','wan-2.2','',150000,'each','Wan 2.2',\
        1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.final','wan-2.5','',150000,'each','Wan 2.5',\
        1795273288668938);
        INSERT INTO prices VALUES(1,'studio','video.preview','','',50000,'each','Motion preview'\
        ,1795273288668938);
        """
}
